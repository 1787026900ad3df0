#if Gateway
  import Arguments
  import Foundation
  import TenantctlCommands
  import Testing

  @testable import TenantctlGateway

  @Suite struct EndpointTests {
    @Test(
      arguments: [
        ("/auth", .auth), ("/forward", .forward), ("/ask", .ask), ("/envoy", .envoy), ("/envoy/", .envoy),
        ("/envoy/auth/x", .envoy), ("/resolve", .resolve), ("/healthz", .healthz), ("/readyz", .readyz),
        ("/metrics", .metrics), ("/", nil), ("", nil), ("/auth/", nil), ("/auth/x", nil), ("/other", nil),
        ("//auth", nil),
        ("/AUTH", nil),
      ] as [(String, Endpoint?)])
    func paths(path: String, endpoint: Endpoint?) { #expect(Endpoint(path: path[...]) == endpoint) }

    /// The table of docs/gateway.md.
    @Test(
      arguments: [
        (.auth, [200, 200, 403, 403, 403, 500]), (.forward, [200, 200, 404, 402, 404, 503]),
        (.ask, [200, 200, 404, 404, 404, 503]), (.envoy, [200, 200, 404, 404, 404, 503]),
        (.resolve, [200, 200, 404, 200, 400, 503]),
      ] as [(Endpoint, [Int])])
    func statuses(endpoint: Endpoint, expected: [Int]) {
      let verdicts: [Verdict] = [.tenant, .public, .unknown, .deactivated, .invalid, .unavailable]
      #expect(verdicts.map { endpoint.status($0, deactivated: 402) } == expected)
    }

    @Test(
      arguments: [
        ("acme", "acme"), ("my_Tenant-1.x", "my_Tenant-1.x"), ("", ""), ("50%", "50%25"), ("a b", "a%20b"),
        ("Müller", "M%C3%BCller"), ("a\r\nX-Admin: 1", "a%0D%0AX-Admin:%201"), ("\0", "%00"),
        ("\u{7F}", "%7F"),
      ])
    func headerValues(text: String, encoded: String) {
      #expect(TenantHeaders.encoded(text) == encoded)
      #expect(encoded.removingPercentEncoding == text)
    }

    @Test(
      arguments: [
        ("127.0.0.1:8017", .port(8017, address: "127.0.0.1")), ("[::1]:80", .port(80, address: "::1")),
        ("localhost:1", .port(1, address: "localhost")), ("unix:/run/x", .socket(path: "/run/x")),
      ] as [(String, ListenAddress)])
    func addresses(text: String, address: ListenAddress) throws {
      #expect(try ListenAddress(parsing: text) == address)
      #expect(address.description == text)
    }

    @Test(
      arguments: [
        "", ":8017", "8017", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
        "::1:80",
        "unix:", "unix:relative", "unix:/\(String(repeating: "a", count: 107))",
      ])
    func noAddresses(text: String) {
      #expect(throws: ListenAddress.Malformed.self) { try ListenAddress(parsing: text) }
    }

    @Test func theManualPageIsTrue() throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      let committed = try? String(
        contentsOf: root.appending(path: "man/tenantctl-gateway.1"), encoding: .utf8)
      #expect(Gateway.manualPage == committed, "run `make generate` and commit what it writes")
      #expect(Gateway.tree.problems() == [])
    }
  }
#endif
