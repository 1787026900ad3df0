import TestSupport
import Testing

@Suite struct ColorTests {
  private static let escape = "\u{1B}["

  private func isColored(
    _ scene: Scene, _ words: [String], _ environment: [String: String] = [:]
  ) async throws -> Bool {
    try await onTerminal(scene, words, environment).contains(Self.escape)
  }

  private func onTerminal(
    _ scene: Scene, _ words: [String], _ environment: [String: String] = [:]
  ) async throws -> String {
    try await Tenantctl.onTerminal(
      words, database: scene.database, environment: environment, workingDirectory: scene.folder.path
    ) { await $0.outcome().stdout }
  }

  @Test func coloursAreForTerminals() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for words in [["list"], ["show", "acme"], ["bogus"], ["--help"]] {
        let isColored = try await isColored(scene, words)
        #expect(isColored, "\(words)")
        let piped = try await scene.run(words)
        #expect(!(piped.stdout + piped.stderr).contains(Self.escape), "\(words)")
      }
      let json = try await onTerminal(scene, ["list", "--format", "json"])
      #expect(json.contains("  \"name\": \"acme\"") && !json.contains(Self.escape), "pretty, and only that")
    }
  }

  /// In a log that can show them.
  @Test func coloursCanBeSwitchedOn() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for (words, environment) in [
        (["list", "--color", "always"], [:]), (["--color=always", "bogus"], ["NO_COLOR": "1"]),
        (["list"], ["FORCE_COLOR": "1"]),
        (["--help"], ["FORCE_COLOR": "3"]),
        (["show", "acme"], ["TENANTCTL_COLOR": "always", "TERM": "dumb"]),
      ] {
        let outcome = try await scene.run(words, environment: environment)
        #expect((outcome.stdout + outcome.stderr).contains(Self.escape), "\(words) \(outcome)")
      }
      for (words, environment) in [
        (["list", "--color", "always", "--format", "json"], [:]), (["list"], ["FORCE_COLOR": "0"]),
        (["list"], ["FORCE_COLOR": ""]),
        (["list", "--color", "never"], ["FORCE_COLOR": "1"]),
        (["list"], ["FORCE_COLOR": "1", "NO_COLOR": "1"]),
      ] {
        let outcome = try await scene.run(words, environment: environment)
        #expect(outcome.status == 0 && !outcome.stdout.contains(Self.escape), "\(words) \(outcome)")
      }
      // A program's own bytes stay as they are beside the coloured name.
      let run = try await scene.run(["run", "acme", "--color", "always", "--", "printf", "a\\000b\\n"])
      #expect(run.stdout == "\u{1B}[2macme |\u{1B}[0m a\0b\n", "\(run)")
    }
  }

  @Test func coloursCanBeSwitchedOff() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for words in [["list"], ["bogus"], ["--help"]] {
        for environment in [
          ["NO_COLOR": "1"], ["TERM": "dumb"], ["TENANTCTL_COLOR": "never"],
          ["FORCE_COLOR": "1", "NO_COLOR": "1"],
        ] {
          let isColored = try await isColored(scene, words, environment)
          #expect(!isColored, "\(words) \(environment)")
        }
        let byOption = try await isColored(scene, ["--color=never"] + words)
        #expect(!byOption, "\(words)")
        let byEmptyVariable = try await isColored(scene, words, ["NO_COLOR": ""])
        #expect(byEmptyVariable, "an empty one does not count")
      }
    }
  }

  /// Not even the progress bar's: such a terminal, as of an editor, shows them as text.
  @Test func aDumbTerminalGetsNoEscapeSequences() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      let words = ["exec", "--all", "--jobs", "1", "-c", "SELECT 1"]
      let bar = try await onTerminal(scene, words)
      #expect(bar.contains("\u{1B}[K"))
      let dumb = try await onTerminal(scene, words, ["TERM": "dumb"])
      #expect(dumb.contains("2 rows from 2 tenants") && !dumb.contains("\u{1B}"), "\(dumb)")
    }
  }
}
