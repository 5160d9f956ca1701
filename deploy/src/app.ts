import { App, Tags } from 'aws-cdk-lib';
import { ImageStack } from './image-stack.ts';
import { PitwallStack } from './pitwall-stack.ts';
import { settingsOf } from './settings.ts';

const app = new App();
const images = new ImageStack(app, 'PitwallImage');
new PitwallStack(app, 'Pitwall', { repository: images.repository, settings: settingsOf(app.node) });
Tags.of(app).add('project', 'pitwall');
app.synth();
