internal import SQLText

/// The layout of tools that keep a folder for each migration, named by its version: what they have in common.
struct MigrationFolders {
  struct Entry {
    let version: SourceVersion
    /// The digits of its name here.
    let digits: String
    /// The rest of the folder's name.
    let title: Substring
    /// The file that applies the migration.
    let script: String
    /// What else the tool reads in it, by name.
    let files: [String: String]
  }

  /// How a tool reads the names of its folders.
  enum Naming {
    /// By the name itself.
    case whole
    /// By what stands before the first `_`, without the hyphens in it: Diesel's versions.
    case withoutHyphens
  }

  /// In the order of the tool's, which is that of a text.
  private(set) var entries: [Entry] = []

  /// - Parameter script: the name of the file that applies a migration.
  init(
    _ folder: SourceFolder, _ reading: inout ImportReading, script: String, besides others: Set<String>,
    _ naming: Naming
  ) {
    let files = Self.files(in: folder, &reading, others.union([script]))
    let folders = files.map { name, files in
      let version = name.prefix { $0 != "_" }
      return (name, naming == .whole ? String(version) : String(version.filter { $0 != "-" }), files)
    }
    let sorted = folders.sorted { naming == .whole ? $0.0 < $1.0 : ($0.1, $0.0) < ($1.1, $1.0) }
    for (name, digits, files) in sorted {
      guard let path = files[script] else {
        if let down = files["down.sql"] {
          reading.refuse(folder.path(of: down), .nothingToUndo)
        } else {
          reading.refuse(folder.path(of: String(name)), .noScript(script))
        }
        continue
      }
      guard let version = SourceVersion(number: digits) else {
        reading.refuse(
          folder.path(of: String(name)), .malformed("the folder's name does not begin with a version"))
        continue
      }
      entries.append(
        Entry(
          version: version, digits: Self.digits(digits, after: entries.last?.digits),
          title: name.drop { $0 != "_" }.dropFirst(), script: path, files: files))
    }
  }

  /// The known files of each folder: to the tools every folder is a migration, whatever it holds.
  private static func files(
    in folder: SourceFolder, _ reading: inout ImportReading, _ known: Set<String>
  ) -> [Substring: [String: String]] {
    var files: [Substring: [String: String]] = [:]
    for path in folder.names {
      let parts = path.split(separator: "/")
      let isKnown = parts.count == 2 && known.contains(String(parts[1]))
      if parts.count > 1 { files[parts[0], default: [:]][String(parts[1])] = isKnown ? path : nil }
      if !isKnown { reading.ignore(path, in: folder) }
    }
    return files
  }

  /// Diesel has versions of 18 digits: a time and a number. Here a version has 14 at most, so that one of later, which is a
  /// time, comes after it; where they are not enough, the next number.
  private static func digits(_ digits: String, after last: String?) -> String {
    if digits.utf8.count <= 14 { return digits }
    let time = String(digits.prefix(14))
    guard let last, let number = Int(last), let own = Int(time), own <= number else { return time }
    return String(number + 1)
  }
}

extension MigrationFolders.Entry {
  var fileName: String { title.isEmpty ? "\(digits).sql" : "\(digits)_\(title).sql" }
}
