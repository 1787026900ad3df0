import Foundation

/// Makes a folder of files, by relative path, for as long as the closure runs.
@discardableResult
func withFolder<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
  let manager = FileManager.default
  let folder = manager.temporaryDirectory.appending(path: UUID().uuidString)
  try manager.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? manager.removeItem(at: folder) }
  for (name, text) in files {
    let file = folder.appending(path: name)
    try manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
  return try body(folder.path)
}
