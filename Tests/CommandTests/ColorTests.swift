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

  @Test func coloursCanBeSwitchedOff() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for words in [["list"], ["bogus"], ["--help"]] {
        for environment in [["NO_COLOR": "1"], ["TERM": "dumb"], ["TENANTCTL_NO_COLOR": "1"]] {
          let isColored = try await isColored(scene, words, environment)
          #expect(!isColored, "\(words) \(environment)")
        }
        let byOption = try await isColored(scene, ["--no-color"] + words)
        #expect(!byOption, "\(words)")
        let byEmptyVariable = try await isColored(scene, words, ["NO_COLOR": ""])
        #expect(byEmptyVariable, "an empty one does not count")
      }
    }
  }
}
