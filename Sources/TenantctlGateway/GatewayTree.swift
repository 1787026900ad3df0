#if Gateway
  internal import Arguments
  internal import Tenancy
  internal import TenantctlCommands

  extension Gateway {
    static var manualPage: String { ManPage.pages(for: tree).map(\.text).joined() }

    static let tree = CommandTree<Action>(
      "tenantctl-gateway", versionText: "tenantctl-gateway \(tenancyVersion)", date: Tenantctl.manualDate,
      summary: "Tell a proxy which tenant a host leads to.",
      discussion: """
        An HTTP server for nginx's auth_request, Caddy's forward_auth and on-demand TLS, Traefik's forwardAuth and Envoy's \
        ext_authz. It answers from memory: the registry is read once and kept current. While the database is away, known hosts \
        go on being answered.

        A tenant's request is let through with the headers X-Tenant, X-Tenant-Schema and X-Tenant-Id; one for a host of no \
        tenant with X-Tenant-Public: true. An unknown host and a deactivated tenant are refused, with X-Tenant-Error. \
        docs/gateway.md in the source has what to write into the proxy's configuration, and the section [gateway] of \
        tenantctl.toml(5) the other settings.
        """,
      parameters: [listen, Global.database, Global.config],
      examples: [
        Example("tenantctl-gateway -d postgresql://gateway@db/shop", "Serve on 127.0.0.1:8017."),
        Example("tenantctl-gateway --listen unix:/run/tenantctl-gateway/socket", "Serve on a Unix socket."),
      ],
      exitStatuses: [
        (0, "It was told to end, by SIGTERM or SIGINT."), (1, "It cannot listen there."),
        (
          2,
          "Usage: an unknown option, a malformed address, a bad configuration file, a registry without a column that it must have."
        ),
        (3, "The database has no such registry as the configuration says."),
      ],
      manSections: [
        ManSection(
          "ENDPOINTS",
          """
          /auth: for nginx. 200 for a tenant and for a public host, 403 for an unknown host and a deactivated tenant, 500 while \
          the registry is not known yet.

          /forward: for Traefik and Caddy. 200; 404 for an unknown host; 404 or gateway.deactivated_status for a deactivated \
          tenant; 503 while the registry is not known yet.

          /ask?domain=NAME: for Caddy's on-demand TLS. 200 only for the domains of active tenants.

          /envoy/: for Envoy, with the path of the request after it. 200, 404 or 503.

          /resolve?host=NAME: JSON as tenantctl resolve --format json prints it.

          /healthz, /readyz, /metrics: for probes and Prometheus.
          """),
        ManSection(
          "FILES", "tenantctl.toml: the configuration, with a section [gateway]; see tenantctl.toml(5)."),
        ManSection("SEE ALSO", "tenantctl(1), tenantctl-init(1), tenantctl-resolve(1), tenantctl.toml(5)"),
      ],
      action: Action(serving: serve))
  }
#endif
