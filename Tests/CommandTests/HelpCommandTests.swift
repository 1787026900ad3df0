import TestSupport
import Testing

@Suite struct HelpCommandTests {
  @Test func isWhatTheOptionShows() async throws {
    for path in [[], ["create"], ["domain"], ["domain", "add"]] {
      let byCommand = try await Tenantctl.run(["help"] + path)
      let byOption = try await Tenantctl.run(path + ["--help"])
      #expect(byCommand == byOption)
      #expect(byCommand.status == 0 && byCommand.stderr == "")
    }
    let page = try await Tenantctl.run(["help", "domain", "add"])
    #expect(page.stdout.contains("tenantctl domain add acme acme.com --primary"))
    let json = try await Tenantctl.run(["help", "version", "--format", "json"])
    #expect(json.stdout.hasPrefix(#"{"help":""#))
  }

  @Test func refuses() async throws {
    let outcome = try await Tenantctl.run(["help", "domain", "ad"])
    #expect(
      outcome
        == Outcome(
          stdout: "", stderr: "error: 'ad' is not a command of tenantctl domain\nhint: did you mean add?\n",
          status: 2))
  }
}
