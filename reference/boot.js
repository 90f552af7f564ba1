{
  const copy = document.body.dataset.copy !== undefined;
  Scalar.createApiReference("#reference", {
    content: JSON.parse(document.getElementById("document").textContent),
    // Of whichever address the page was asked for; a copy has no gateway that it could ask.
    ...(copy ? {} : { servers: [{ url: location.origin, description: "This gateway" }] }),
    hideTestRequestButton: copy,
    hideClientButton: true,
    hiddenClients: true,
    documentDownloadType: "none",
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    persistAuth: false,
    authentication: { preferredSecurityScheme: "token" },
    customCss: document.getElementById("colours").textContent,
  });
}
