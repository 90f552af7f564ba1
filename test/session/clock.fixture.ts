// Loaded into a process and its threads before anything else (`NODE_OPTIONS=--import=…`): its time of day is another one.
const aheadMs = Number(process.env["CLOCK_AHEAD_MS"]);
const { now } = Date;
Date.now = () => now() + aheadMs;
