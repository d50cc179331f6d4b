// Runs before the first paint: the chosen theme, and the mark that scripts are on.
(() => {
  const root = document.documentElement;
  root.classList.replace("no-script", "script");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage is blocked: the system's theme is used.
  }
})();
