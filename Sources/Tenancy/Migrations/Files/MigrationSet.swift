/// The migrations of a project.
package struct MigrationSet: Sendable, Hashable {
  /// What runs in every tenant's schema, by version.
  package let tenant: [MigrationFile]
  /// What runs once, in the shared schema, by version.
  package let shared: [MigrationFile]

  /// A set of files that are sorted already.
  package init(tenant: [MigrationFile], shared: [MigrationFile]) {
    self.tenant = tenant
    self.shared = shared
  }

  /// Reads and checks every `.sql` file of a folder. What looks like a migration and would be passed over is an error;
  /// hidden files, what editors leave and other files are ignored.
  ///
  /// - Parameter path: the folder, with `tenant/` and `shared/` in it; without `tenant/` its own files are
  ///   the tenants'.
  /// - Throws: where the folder is missing or unreadable, or all that is wrong with all of its files.
  package static func load(at path: String) throws(MigrationFolderError) -> MigrationSet {
    let layout = try MigrationLayout(path)
    var problems = layout.passedOver
    let tenant = load(layout.tenant.files, &problems)
    let shared = load(layout.shared.files, &problems)
    guard problems.isEmpty else { throw .invalid(MigrationFilesInvalid(problems: problems)) }
    return MigrationSet(tenant: tenant, shared: shared)
  }

  private static func load(
    _ paths: [String], _ problems: inout [MigrationFileError]
  ) -> [MigrationFile] {
    var files: [MigrationFile] = []
    let downFiles = paths.filter { isDownFile($0, among: paths) }
    problems += downFiles.map { MigrationFileError(.downFile, file: $0) }
    let paths = paths.filter { !downFiles.contains($0) }
    for path in paths {
      do throws(Disk.Failure) {
        let bytes = try Disk.read(path)
        do { files.append(try MigrationFile.parse(path: path, bytes: bytes)) } catch {
          problems += error.problems
        }
      } catch {
        problems.append(MigrationFileError(.unreadable(error.description, error.obstacle), file: path))
      }
    }
    problems += duplicates(among: paths)
    return files.sorted { $0.version < $1.version }
  }

  /// Whether it is, by its name, what other tools undo a migration with: `1_a.down.sql`; or `1_a_down.sql`, `1_a-down.sql`
  /// and `1_a.drop.sql` beside `1_a.sql` or `1_a_up.sql`, as the word may belong to the name (`1_scale_down.sql`,
  /// `1_orders.drop.sql`). As a migration it would run right after it.
  private static func isDownFile(_ path: String, among paths: [String]) -> Bool {
    let words = ["down", "undo", "rollback", "drop", "revert", "downgrade"]
    guard let word = words.first(where: { path.hasSuffix("\($0).sql") }) else { return false }
    let stem = path.dropLast(word.count + 4)
    guard let separator = stem.last, ".-_".contains(separator) else { return false }
    return separator == "." && words.prefix(3).contains(word)
      || ["", ".up", "-up", "_up"].contains { paths.contains("\(stem.dropLast())\($0).sql") }
  }

  /// Reads only the names, so that a file that does not parse counts, too.
  private static func duplicates(among paths: [String]) -> [MigrationFileError] {
    let files = paths.compactMap { path in
      MigrationFileName(path: path).map { (version: $0.version, path: path) }
    }
    .sorted { $0 < $1 }
    // Each beside the first of its version. Without a dictionary, whose type would be made at run time, at each start.
    var first = 0
    return files.indices.compactMap { index in
      if files[index].version != files[first].version { first = index }
      return index == first
        ? nil
        : MigrationFileError(
          .duplicateVersion(files[index].version, otherFile: files[first].path), file: files[index].path)
    }
  }
}
