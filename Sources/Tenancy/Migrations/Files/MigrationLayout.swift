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
  /// The files outside of `tenant/` and `shared/`, which nothing reads.
  let strayFiles: [String]

  init(_ path: String) throws(MigrationFolderError) {
    guard let own = try MigrationLayout.scripts(in: path) else { throw .missing(path: path) }
    let tenantFolder = Disk.join(path, "tenant")
    let sharedFolder = Disk.join(path, "shared")
    let tenantFiles = try MigrationLayout.scripts(in: tenantFolder)
    let isFlat = tenantFiles == nil && !own.isEmpty
    tenant = isFlat ? Part(folder: path, files: own) : Part(folder: tenantFolder, files: tenantFiles ?? [])
    shared = Part(folder: sharedFolder, files: try MigrationLayout.scripts(in: sharedFolder) ?? [])
    strayFiles = isFlat ? [] : own
  }

  /// Nil where there is no such folder.
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
