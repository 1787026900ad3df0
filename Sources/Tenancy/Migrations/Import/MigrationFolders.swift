internal import SQLText

/// The layout of tools that keep a folder for each migration, named by its version: what they have in common.
struct MigrationFolders {
  struct Entry {
    let version: SourceVersion
    /// The digits of its name here.
    let digits: String
    /// The rest of the folder's name.
    let title: Substring
    /// The files in it, by name.
    let files: [String: String]
  }

  /// In the order of the folders' names.
  let entries: [Entry]

  /// - Parameter version: what of the part before the first `_` is the version.
  init(
    _ folder: SourceFolder, _ reading: inout ImportReading, reads known: Set<String>,
    version: (Substring) -> String
  ) {
    var files: [Substring: [String: String]] = [:]
    for path in folder.names {
      let parts = path.split(separator: "/")
      if parts.count == 2, known.contains(String(parts[1])) {
        files[parts[0], default: [:]][String(parts[1])] = path
      } else {
        reading.ignore(path, in: folder)
      }
    }
    entries = files.sorted { $0.key < $1.key }.compactMap { name, files in
      let digits = version(name.prefix { $0 != "_" })
      guard let number = SourceVersion(number: digits), digits.utf8.count <= MigrationVersion.maximumLength
      else {
        reading.refuse(
          folder.path(of: String(name)), .malformed("the folder's name does not begin with a version"))
        return nil
      }
      return Entry(
        version: number, digits: digits, title: name.drop { $0 != "_" }.dropFirst(), files: files)
    }
  }
}

extension MigrationFolders.Entry {
  var fileName: String { title.isEmpty ? "\(digits).sql" : "\(digits)_\(title).sql" }
}
