/// The folder that a project keeps its migrations in.
package enum MigrationFolder {
  /// What an empty migration holds.
  package static let template = "-- migrate:up\n\n\n-- migrate:down\n\n"

  /// How many characters of a new file's name describe the migration: most file systems take 255 bytes.
  package static let longestName = 200

  /// Writes a new migration, `YYYYMMDDHHMMSS_name.sql`, and makes the folders that it needs.
  ///
  /// A version that the folder already has is passed over for the next second. If it has a later one, the new one is the
  /// number after that: an older file would be out of order in every tenant.
  ///
  /// - Parameters:
  ///   - name: words; what is not a letter or digit of ASCII becomes `_`.
  ///   - shared: whether it is for the shared schema.
  ///   - secondsSince1970: the moment that its version tells, in UTC.
  ///   - path: the folder of migrations.
  ///   - text: what the file holds.
  /// - Returns: the path of the new file.
  /// - Throws: for a name of nothing, and where the disk refuses.
  package static func create(
    name: String, shared: Bool, at secondsSince1970: Int, in path: String, text: String = template
  ) throws(MigrationFolderError) -> String {
    let slug = slug(of: name)
    if slug.isEmpty { throw .badName(name) }
    if slug.utf8.count > longestName { throw .nameTooLong }
    do {
      try Disk.makeFolder(path)
      // Two runs at the same time would choose the same version.
      return try Disk.locking(path) {
        let layout = try MigrationLayout(path)
        let part = shared ? layout.shared : layout.tenant
        try Disk.makeFolder(part.folder)
        let digits = try version(after: part.versions, at: secondsSince1970)
        let file = Disk.join(part.folder, "\(digits)_\(slug).sql")
        do { try Disk.create(file, text) } catch { throw MigrationFolderError.inaccessible(file, error) }
        return file
      }
    } catch let error as MigrationFolderError {
      throw error
    } catch {
      throw .inaccessible(path, error)
    }
  }

  private static func version(
    after versions: [MigrationVersion], at secondsSince1970: Int
  ) throws -> String {
    let taken = Set(versions.map(\.rawValue))
    var seconds = secondsSince1970
    while taken.contains(Timestamp.digits(of: seconds)) { seconds += 1 }
    let digits = Timestamp.digits(of: seconds)
    if let newest = versions.max(), try newest > MigrationVersion(parsing: digits),
      let next = newest.successor
    {
      return next.rawValue
    }
    return digits
  }

  private static func slug(of name: String) -> String {
    name.lowercased()
      .split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
      .joined(separator: "_")
  }
}
