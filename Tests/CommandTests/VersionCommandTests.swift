import Tenancy
import TestSupport
import Testing

@Suite struct VersionCommandTests {
  @Test func printsTheVersion() async throws {
    for (words, text) in [
      (["version"], "tenantctl \(tenancyVersion)\n"), (["--version"], "tenantctl \(tenancyVersion)\n"),
      (["-V"], "tenantctl \(tenancyVersion)\n"), (["version", "--quiet"], "\(tenancyVersion)\n"),
      (["version", "--format", "json"], #"{"version":"\#(tenancyVersion)"}"# + "\n"),
    ] {
      #expect(try await Tenantctl.run(words) == Outcome(stdout: text, stderr: "", status: 0))
    }
  }
}
