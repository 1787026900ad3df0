import Foundation
import TestSupport
import Testing

/// A command line that is refused, and what there is to say about it.
struct Refusal {
  let line: String
  let status: Int32
  let code: String
  let message: String
  let hint: String?

  /// What there is to do where the database has no registry.
  static let withoutRegistry =
    "'tenantctl init' finds an app's registry, or creates one; [registry] in tenantctl.toml names another"

  init(_ line: String, _ status: Int32, _ code: String, _ message: String, hint: String?) {
    (self.line, self.status, self.code, self.message, self.hint) = (line, status, code, message, hint)
  }
}

extension Scene {
  /// Each line is refused, as text and as JSON, and nothing is changed.
  func refuses(_ refusals: [Refusal], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let before = try await database.contents()
    let filesBefore = try folder.files()
    for refusal in refusals {
      let text = try await run(refusal.line)
      #expect(text == refusal.text, "\(refusal.line)", sourceLocation: sourceLocation)
      let json = try await run("--format json \(refusal.line)")
      #expect(json.status == refusal.status, "\(refusal.line)", sourceLocation: sourceLocation)
      #expect(json.stdout == json.stderr, "\(refusal.line)", sourceLocation: sourceLocation)
      let error = try JSONDecoder().decode(Failure.self, from: Data(json.stdout.utf8)).error
      #expect(error.code == refusal.code, "\(refusal.line)", sourceLocation: sourceLocation)
      #expect(error.message == refusal.message, "\(refusal.line)", sourceLocation: sourceLocation)
      #expect(error.hint == refusal.hint, "\(refusal.line)", sourceLocation: sourceLocation)
    }
    #expect(try await database.contents() == before, sourceLocation: sourceLocation)
    #expect(try folder.files() == filesBefore, sourceLocation: sourceLocation)
  }
}

extension Refusal {
  fileprivate var text: Outcome {
    let hint = hint.map { "hint: \($0)\n" } ?? ""
    // A second line stands below the first one, so that nobody takes it for another message.
    let message = message.replacing(#/\n(?! )/#, with: "\n  ")
    return Outcome(stdout: "", stderr: "error: \(message)\n\(hint)", status: status)
  }
}

/// The one JSON document of a command that failed.
struct Failure: Decodable {
  struct Report: Decodable {
    let code: String
    let message: String
    let hint: String?
    let sqlstate: String?
  }

  let error: Report
}
