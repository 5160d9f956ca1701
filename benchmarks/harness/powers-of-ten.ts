/** The powers of ten from `least`, itself one, up to `most`; at least `least` itself. */
export function powersOfTen(least: number, most: number): number[] {
  const powers = [least];
  for (let power = least * 10; power <= most; power *= 10) powers.push(power);
  return powers;
}
