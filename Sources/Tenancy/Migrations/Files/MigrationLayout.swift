/// Where the files of a folder of migrations belong.
struct MigrationLayout {
  /// A folder, which need not exist, and the paths of its `.sql` files, sorted.
  struct Part {
    let folder: String
    let files: [String]

    var versions: [MigrationVersion] {
      files.compactMap { MigrationFileName(path: $0)?.version }
    }
  }

  let tenant: Part
  let shared: Part
  /// What looks like a migration and would silently never run.
  let passedOver: [MigrationFileError]

  init(_ path: String) throws(MigrationFolderError) {
    guard let own = try FolderContents(path) else { throw .missing(path: path) }
    let tenantFolder = Disk.join(path, "tenant")
    let sharedFolder = Disk.join(path, "shared")
    let ofTenant = try FolderContents(tenantFolder)
    let ofShared = try FolderContents(sharedFolder)
    let isFlat = ofTenant == nil && !own.scripts.isEmpty
    tenant = isFlat ? Part(folder: path, files: own.scripts) : Part(tenantFolder, ofTenant)
    shared = Part(sharedFolder, ofShared)
    let isEmpty = own.scripts.isEmpty && ofTenant == nil && ofShared == nil
    let below = try own.foldersBelow(besides: ["tenant", "shared"], anySQL: isFlat)
    passedOver =
      (isFlat ? [] : own.scripts.map { MigrationFileError(.strayFile, file: $0) }) + own.lookalikes
      + (isEmpty ? below.map(\.ofFolderAbove) : below)
      + (try [ofTenant, ofShared].compactMap { $0 }.flatMapThrowing { contents throws(MigrationFolderError) in
        contents.lookalikes + (try contents.foldersBelow(besides: [], anySQL: true))
      })
  }
}

extension MigrationLayout.Part {
  fileprivate init(_ folder: String, _ contents: FolderContents?) {
    self.init(folder: folder, files: contents?.scripts ?? [])
  }
}

extension MigrationFileError {
  /// A script in a folder below, where the folder above it has no migrations: most often that one was named by mistake.
  fileprivate var ofFolderAbove: MigrationFileError {
    guard case .folderBelow(nil, let others) = reason else { return self }
    var parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    if let last = parts.last, ["tenant", "shared"].contains(last) { parts.removeLast() }
    return MigrationFileError(.folderAbove(meant: parts.joined(separator: "/"), others: others), file: file)
  }
}

/// What one folder holds, apart from what editors and people put aside: hidden files, `x.sql~`, `x.sql.bak`.
private struct FolderContents {
  /// The paths of the `.sql` files, sorted.
  let scripts: [String]
  /// Files that are SQL by all but the exact ending: `x.SQL`, `x.sql.txt`, `x.sql` and a space.
  let lookalikes: [MigrationFileError]
  private let path: String
  private let others: [String]

  /// Nil where there is no such folder.
  init?(_ path: String) throws(MigrationFolderError) {
    do {
      guard let all = try Disk.names(in: path) else { return nil }
      let names = all.filter { !$0.hasPrefix(".") }.sorted()
      let spellings = names.map { ($0, ScriptSpelling($0)) }
      func spelled(as spelling: ScriptSpelling) -> [String] { spellings.filter { $0.1 == spelling }.map(\.0) }
      self.path = path
      scripts = spelled(as: .script).map { Disk.join(path, $0) }
      let nearly = spelled(as: .nearly).map { Disk.join(path, $0) }
      lookalikes = nearly.filter { !Disk.isFolder($0) }.map { MigrationFileError(.otherEnding, file: $0) }
      others = spelled(as: .other)
    } catch {
      throw .inaccessible(path: path, reason: error.description)
    }
  }

  /// The folders below with SQL in them, told by the first file of each kind.
  /// - Parameter anySQL: whether any SQL counts; otherwise only what has a version in its name or its folder's.
  func foldersBelow(
    besides known: Set<String>, anySQL: Bool
  ) throws(MigrationFolderError) -> [MigrationFileError] {
    var found: [ImportFormat?: [String]] = [:]
    for name in others where !known.contains(name) {
      let folder = Disk.join(path, name)
      guard Disk.isFolder(folder) else { continue }
      let isVersioned = anySQL || Self.beginsWithVersion(name)
      guard let script = try Self.script(in: folder, anySQL: isVersioned, depth: 3) else { continue }
      found[Self.format(ofScript: script), default: []].append(script)
    }
    return found.values.sorted { $0[0] < $1[0] }.map { scripts in
      let script = scripts.first { $0.contains("/migrations/") } ?? scripts[0]
      return MigrationFileError(
        .folderBelow(Self.format(ofScript: script), others: scripts.count - 1), file: script)
    }
  }

  /// The first script in a folder or below; links may lead in a circle, so it looks only so deep.
  private static func script(
    in folder: String, anySQL: Bool, depth: Int
  ) throws(MigrationFolderError) -> String? {
    guard let contents = try FolderContents(folder) else { return nil }
    let scripts = contents.scripts + contents.lookalikes.map(\.file)
    if let script = scripts.first(where: { anySQL || beginsWithVersion($0.split(separator: "/").last ?? "") })
    {
      return script
    }
    if depth == 1 { return nil }
    for name in contents.others where Disk.isFolder(Disk.join(folder, name)) {
      let isVersioned = anySQL || beginsWithVersion(name)
      let below = try script(in: Disk.join(folder, name), anySQL: isVersioned, depth: depth - 1)
      if let below { return below }
    }
    return nil
  }

  private static func beginsWithVersion(_ name: some StringProtocol) -> Bool {
    name.drop { $0 == "V" || $0 == "U" }.first.map { ("0"..."9").contains($0) } ?? false
  }

  /// The tool that keeps a folder for each migration.
  private static func format(ofScript path: String) -> ImportFormat? {
    switch path.split(separator: "/").last {
    case "up.sql", "down.sql": .diesel
    case "migration.sql": .prisma
    default: nil
    }
  }
}

/// How far a file's name is that of a script.
private enum ScriptSpelling {
  case script
  /// Only the ending is not exactly `.sql`.
  case nearly
  /// Anything else, such as `README.md`, or what was put aside on purpose (`x.sql.bak`).
  case other

  private static let endings = [".sql", ".psql", ".pgsql", ".sql.txt"]

  init(_ name: String) {
    if name.hasSuffix(".sql") {
      self = .script
      return
    }
    // By scalars: a mark without a width belongs to the character before it.
    let scalars = name.unicodeScalars
    let end = scalars.lastIndex { !Self.isInvisible($0) }
    let text = end.map { String(scalars[...$0]).lowercased() } ?? ""
    self = Self.endings.contains { text.hasSuffix($0) } ? .nearly : .other
  }

  /// What a file manager does not show: white space, dots, marks without a width.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "." || scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint
      || scalar.properties.generalCategory == .control
  }
}

extension Array {
  fileprivate func flatMapThrowing<Part, Failure: Error>(
    _ body: (Element) throws(Failure) -> [Part]
  ) throws(Failure) -> [Part] {
    var parts: [Part] = []
    for element in self { parts += try body(element) }
    return parts
  }
}
