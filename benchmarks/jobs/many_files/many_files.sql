SELECT part, id, value FROM events
