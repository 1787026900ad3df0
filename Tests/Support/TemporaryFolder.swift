import Foundation

/// An empty folder that exists while a closure runs.
package struct TemporaryFolder: Sendable {
  /// Its absolute path.
  package let path: String

  init() throws {
    // Under `make test` this is a folder that goes with the server, even where the tests were killed.
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(parent)/test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", code: errno) }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Makes a folder holding `files` (text by relative path), calls `body` and removes the folder.
  package static func with<Result>(
    files: [String: String] = [:], isolation: isolated (any Actor)? = #isolation,
    _ body: (TemporaryFolder) async throws -> Result
  ) async throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for (name, text) in files { try folder.write(text, to: name) }
    return try await body(folder)
  }

  /// The absolute path of `name` in this folder.
  package func path(_ name: String) -> String {
    "\(path)/\(name)"
  }

  /// Whether it has a file or a folder of that name.
  package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// Writes a file and the folders that lead to it; returns its absolute path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    let file = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  /// The text of the file `name`.
  package func read(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// The relative paths of all files, sorted.
  package func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: self.path(name), isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  /// Removes a file or a folder.
  package func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

  func remove() {
    // Nothing depends on it: what is left is a folder in /tmp, not a wrong result.
    try? FileManager.default.removeItem(atPath: path)
  }
}

/// A system call failed.
struct SystemError: Error, CustomStringConvertible {
  let call: String
  let code: Int32

  var description: String { "\(call): \(String(cString: strerror(code)))" }
}
