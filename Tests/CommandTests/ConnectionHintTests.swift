import TestSupport
import Testing

@testable import Tenancy
@testable import TenantctlCommands

/// Failures to connect without a code of the server's.
@Suite struct ConnectionHintTests {
  @Test(arguments: [
    (#"definition of service "shop" not found"#, "~/.pg_service.conf"),
    (#"service file "/etc/none.conf" not found"#, "PGSERVICEFILE"),
    (#"syntax error in service file "/x", line 1"#, "PGSERVICEFILE"),
    (
      #"connection to server at "db", port 5432 failed: SSL error: certificate verify failed"#,
      "sslrootcert=FILE"
    ),
    (#"root certificate file "/x/root.crt" does not exist"#, "sslrootcert=FILE"),
    (#"server certificate for "a" does not match host name "b""#, "sslmode says"),
    (#"private key file "/x" has group or world access"#, "certificate"),
    ("server does not support SSL, but SSL was required", "sslmode=prefer"),
    (#"could not translate host name "certificate.example.com" to address"#, "that the server is running"),
    ("Verbindung zum Server auf »x« fehlgeschlagen: SSL-Fehler", "that the server is running"),
  ])
  func nameTheirCause(message: String, hint: String) {
    let failure = ConnectionFailure(message: message, sqlState: nil, needsPassword: false)
    #expect(failure.hint.contains(hint), "\(failure.hint)")
  }

  @Test func aServiceThatIsNotThere() async throws {
    let outcome = try await TestSupport.Tenantctl.run(["list"], environment: ["PGSERVICE": "shop"])
    #expect(
      outcome.status == 7 && outcome.stderr.contains("hint: check the name in PGSERVICE or service="),
      "\(outcome)")
  }
}
