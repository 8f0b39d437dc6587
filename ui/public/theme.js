// Puts on the colours chosen last time before anything is drawn.
try {
  const theme = localStorage.getItem("domovoi.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* No storage in this window: the system's colours it is. */ }
