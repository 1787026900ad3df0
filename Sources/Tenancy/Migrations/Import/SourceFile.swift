internal import SQLText

/// The folder of another tool's migrations.
struct SourceFolder: Sendable {
  private let folder: String
  /// The files' paths below the folder, sorted.
  let names: [String]

  /// Throws ``MigrationFolderError`` if it does not exist or cannot be read.
  init(_ folder: String, deep: Bool) throws(MigrationFolderError) {
    self.folder = folder
    do {
      guard let names = try Self.files(in: folder, below: "", deep: deep) else {
        throw MigrationFolderError.noSource(path: folder)
      }
      self.names = names.sorted()
    } catch let error as MigrationFolderError {
      throw error
    } catch {
      throw .inaccessible(path: folder, reason: "\(error)")
    }
  }

  /// Links to folders are not followed: they can lead back to where they are.
  private static func files(
    in folder: String, below prefix: String, deep: Bool
  ) throws(Disk.Failure) -> [String]? {
    guard let names = try Disk.names(in: folder) else { return nil }
    var files: [String] = []
    for name in names where !name.hasPrefix(".") {
      let path = Disk.join(folder, name)
      if !Disk.isFolder(path) {
        files.append(prefix + name)
      } else if deep, !Disk.isLink(path) {
        files += try Self.files(in: path, below: "\(prefix)\(name)/", deep: deep) ?? []
      }
    }
    return files
  }

  /// The path of a file, for messages.
  func path(of name: String) -> String { Disk.join(folder, name) }

  /// Reads a file; what keeps it from being read is a problem.
  func read(_ name: String, _ problems: inout [ImportProblem]) -> SourceFile? {
    let path = path(of: name)
    do {
      let bytes = try Disk.read(path)
      let start = ByteOrderMark.count(in: bytes)
      guard let problem = SQLScript.encodingProblem(in: bytes, from: start) else {
        return SourceFile(path: path, bytes: bytes)
      }
      problems.append(ImportProblem(.script(problem.reason), file: path, at: problem.location))
    } catch {
      problems.append(ImportProblem(.unreadable(error.description, error.obstacle), file: path))
    }
    return nil
  }
}

/// A file of another tool's: UTF-8 without zero bytes.
struct SourceFile: Sendable {
  let path: String
  let bytes: [UInt8]

  /// Where the text begins: after a byte order mark.
  var start: Int { ByteOrderMark.count(in: bytes) }
  /// All of the text.
  var range: Range<Int> { start..<bytes.count }

  func location(at offset: Int) -> ScriptLocation {
    var cursor = LocationCursor(bytes, from: start)
    return cursor.location(at: offset)
  }

  func offset(of location: ScriptLocation) -> Int {
    var place = ScriptLocation.start
    return bytes[start...].indices.first { index in
      defer { place.pass(bytes[index]) }
      return place == location
    } ?? bytes.count
  }

  /// The lines, each with its line break.
  var lines: [Range<Int>] {
    var lines: [Range<Int>] = []
    var next = start
    while next < bytes.count {
      let end = bytes[next...].firstIndex(of: ASCII.lineFeed).map { $0 + 1 } ?? bytes.count
      lines.append(next..<end)
      next = end
    }
    return lines
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Its digests with the line ends as they are, and as they would be on either kind of machine: a tool takes them as it
  /// finds them.
  func checksumsOverLineEnds(_ digest: ([UInt8]) -> String) -> Set<String> {
    let unix = text(0..<bytes.count).replacing("\r\n", with: "\n")
    return Set([bytes, Array(unix.utf8), Array(unix.replacing("\n", with: "\r\n").utf8)].map(digest))
  }
}
