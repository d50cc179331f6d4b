// Times as people read them, and one tick a second for everything that counts.
let skew = Infinity; // how far this clock is ahead of the server's: the smallest delay of a live frame

export function learn(at) {
  const delay = Date.now() - Date.parse(at);
  if (delay < skew) skew = delay;
}

/** Milliseconds since a point in the server's time. */
export function since(at) {
  return Math.max(0, Date.now() - (Number.isFinite(skew) ? skew : 0) - Date.parse(at));
}

export function until(at) {
  return Date.parse(at) - Date.now() + (Number.isFinite(skew) ? skew : 0);
}

/** 420 → "420 ms", 4200 → "4.2 s", 75000 → "1 min 15 s": the same words as the filter `duration` in chat/templatetags/portal.py. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const listeners = new Set();
let timer = 0;

/** Calls back every second (at once, too) until the returned function is called. */
export function everySecond(callback) {
  listeners.add(callback);
  callback();
  timer ||= setInterval(() => listeners.forEach((listener) => listener()), 1000);
  return () => {
    listeners.delete(callback);
    if (!listeners.size) timer = clearInterval(timer) ?? 0;
  };
}
