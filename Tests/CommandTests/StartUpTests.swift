import TestSupport
import Testing

@Suite struct StartUpTests {
  /// What needs neither HOME nor a database, and is not stopped by a broken configuration.
  @Test(arguments: [
    "--help", "--version", "help", "version", "migrate --help", "help domain add", "completion bash",
  ])
  func worksAnywhere(line: String) async throws {
    let words = line.split(separator: " ").map(String.init)
    try await TemporaryFolder.with(files: ["tenantctl.toml": "broken ["]) { folder in
      let environment = ["HOME": "/nowhere", "DATABASE_URL": "nonsense", "PGHOST": "/nowhere"]
      let outcome = try await Tenantctl.run(words, environment: environment, workingDirectory: folder.path)
      #expect(outcome.status == 0 && outcome.stderr == "" && !outcome.stdout.isEmpty)
      let bare = try await Tenantctl.script(
        "cd \(folder.path); exec env -i LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH\" \(Tenantctl.executable) \(line)")
      #expect(bare == outcome)
    }
  }

  /// Replacement characters would be stored.
  @Test func wordsAreUTF8() async throws {
    let outcome = try await Tenantctl.script("tenantctl set acme $'plan=M\\xfcller'")
    #expect(
      outcome
        == Outcome(
          stdout: "",
          stderr: """
            error: 'plan=M\u{FFFD}ller' is not UTF-8
            hint: check the encoding of the script or the terminal that it comes from

            """, status: 2))
  }

  /// A pipe or a connection would take the place of standard output, and what is written there would be gone.
  @Test func standardOutputMayBeClosed() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await Tenantctl.script(
        "tenantctl exec acme --format csv -c 'SELECT 1' -d '\(scene.database.url)' <&- >&-",
        workingDirectory: scene.folder.path)
      let error = """
        error: cannot write the result: Bad file descriptor
        hint: the run ended there; it only reads, so nothing was changed

        """
      #expect(outcome == Outcome(stdout: "", stderr: error, status: 1))
    }
  }

  @Test func nothingIsAUsageError() async throws {
    let outcome = try await Tenantctl.run([])
    #expect(
      outcome.status == 2
        && outcome.stderr.hasPrefix("Usage: tenantctl [OPTIONS] COMMAND\n") && outcome.stdout == "")
  }
}
