/// Why a folder of migrations is of no use.
public enum MigrationFolderError: Error, Sendable, Hashable {
  /// There is no such folder.
  case missing(path: String)
  /// It cannot be read or written, for the operating system's reason.
  case inaccessible(path: String, reason: String)
  /// Its files are not sound.
  case invalid(MigrationFilesInvalid)
  /// A name for a new file without a letter or digit of ASCII, or too long.
  case badName(String)
}

/// Where the files of a folder of migrations belong.
struct MigrationLayout {
  private(set) var tenantFolder: String
  let sharedFolder: String
  private(set) var tenantFiles: [String]
  let sharedFiles: [String]
  /// The files beside `tenant/`.
  let strayFiles: [String]

  init(_ path: String) throws(MigrationFolderError) {
    guard let own = try MigrationLayout.scripts(in: path) else { throw .missing(path: path) }
    sharedFolder = Disk.join(path, "shared")
    sharedFiles = try MigrationLayout.scripts(in: sharedFolder) ?? []
    tenantFolder = Disk.join(path, "tenant")
    if let files = try MigrationLayout.scripts(in: tenantFolder) {
      tenantFiles = files
      strayFiles = own
    } else {
      if !own.isEmpty { tenantFolder = path }
      tenantFiles = own
      strayFiles = []
    }
  }

  /// The paths of a folder's `.sql` files, sorted; nil where there is no folder.
  private static func scripts(in folder: String) throws(MigrationFolderError) -> [String]? {
    do {
      return try Disk.names(in: folder)?
        .filter { $0.hasSuffix(".sql") && !$0.hasPrefix(".") }
        .sorted()
        .map { Disk.join(folder, $0) }
    } catch {
      throw .inaccessible(path: folder, reason: error.description)
    }
  }
}

/// The folder that a project keeps its migrations in.
public enum MigrationFolder {
  private static let template = "-- migrate:up\n\n\n-- migrate:down\n\n"

  /// Writes an empty migration, `YYYYMMDDHHMMSS_name.sql`, and makes the folders that it needs.
  ///
  /// A version that the folder already has is passed over for the next second.
  ///
  /// - Parameters:
  ///   - name: words; what is not a letter or digit of ASCII becomes `_`.
  ///   - shared: whether it is for the shared schema.
  ///   - secondsSince1970: the moment that its version tells, in UTC.
  ///   - path: the folder of migrations.
  /// - Returns: the path of the new file.
  /// - Throws: for a name of nothing, and where the disk refuses.
  public static func create(
    name: String, shared: Bool, at secondsSince1970: Int, in path: String
  ) throws(MigrationFolderError) -> String {
    let slug = slug(of: name)
    guard 1...200 ~= slug.utf8.count else { throw .badName(name) }
    do {
      try Disk.makeFolder(path)
      let layout = try MigrationLayout(path)
      let folder = shared ? layout.sharedFolder : layout.tenantFolder
      let taken = Set(
        (shared ? layout.sharedFiles : layout.tenantFiles).compactMap {
          MigrationFileName(path: $0)?.version.rawValue
        })
      try Disk.makeFolder(folder)
      var seconds = secondsSince1970
      while taken.contains(Timestamp.digits(of: seconds)) { seconds += 1 }
      let file = Disk.join(folder, "\(Timestamp.digits(of: seconds))_\(slug).sql")
      try Disk.create(file, template)
      return file
    } catch let error as MigrationFolderError {
      throw error
    } catch {
      throw .inaccessible(path: path, reason: "\(error)")
    }
  }

  private static func slug(of name: String) -> String {
    name.lowercased()
      .split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
      .joined(separator: "_")
  }
}
