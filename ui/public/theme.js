// Keeps data-scheme at light or dark: what was chosen (data-theme), else what the system has. It
// runs before anything is drawn, so that nothing flashes.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const follow = () => { root.dataset.scheme = root.dataset.theme ?? (system.matches ? "dark" : "light"); };
try {
  const theme = localStorage.getItem("domovoi.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
} catch { /* No storage in this window: the system's colours it is. */ }
follow();
system.addEventListener("change", follow);
new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
