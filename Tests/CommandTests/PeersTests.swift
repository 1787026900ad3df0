import TestSupport
import Testing

@testable import Arguments
@testable import TenantctlCommands

/// What users of other programs type first.
@Suite struct PeersTests {
  @Test(arguments: [
    ("ls", "list"), ("delete acme", "drop"), ("rm acme --yes", "drop"), ("up", "migrate"),
    ("down", "rollback"),
    ("diff", "status"), ("new", "create or migration new"), ("add", "create or domain add"),
    ("add-domain acme a.com", "domain add"), ("domain rm a.com", "domain remove"),
    ("domain ls", "domain list"),
    ("migration create x", "migration new"), ("list --no-color", "--color never"),
    ("migrate --all --parallel 3", "--jobs"),
    ("drop acme --force", "--yes"), ("statsu", "status"),
  ])
  func oursIsSuggested(line: String, ours: String) async throws {
    let outcome = try await Tenantctl.run(line.split(separator: " ").map(String.init))
    #expect(outcome.status == 2 && outcome.stdout == "")
    #expect(outcome.stderr.hasSuffix("\nhint: did you mean \(ours)?\n"), "\(outcome)")
  }

  /// An option that the command does not have is no help.
  @Test func onlyWhatTheCommandHas() async throws {
    let outcome = try await Tenantctl.run(["list", "--force"])
    #expect(outcome.stderr.hasSuffix("hint: see 'tenantctl list --help'\n"), "\(outcome)")
  }

  @Test func theTableIsSound() {
    #expect(TenantctlCommands.Tenantctl.tree.problems() == [])
  }
}
