internal import SQLText

extension ImportFormat {
  /// The tools that a folder's files are of, by the marks of at least half of them. Empty if that is not clear.
  static func recognized(in folder: String) -> [ImportFormat] {
    guard let source = try? SourceFolder(folder, deep: true) else { return [] }
    let scripts = source.names.filter { $0.hasSuffix(".sql") }
    var counts: [ImportFormat: Int] = [:]
    for name in scripts {
      var problems: [ImportProblem] = []
      for format in formats(ofName: name) ?? formats(of: source.read(name, &problems)) {
        counts[format, default: 0] += 1
      }
    }
    return allCases.filter { 2 * (counts[$0] ?? 0) >= max(scripts.count, 1) }
  }

  /// Those that name their files so; `nil` for a name that tells nothing.
  private static func formats(ofName name: String) -> [ImportFormat]? {
    let parts = name.split(separator: "/")
    let file = parts.last ?? ""
    if parts.count > 1 {
      if file == "migration.sql" { return [.prisma] }
      if file == "up.sql" || file == "down.sql" { return [.diesel] }
    }
    if file.hasSuffix(".up.sql") || file.hasSuffix(".down.sql") { return [.golangMigrate, .sqlx] }
    if file.contains("__"), FlywayName(String(file)) != nil { return [.flyway] }
    return nil
  }

  /// The one that divides its files by such a comment.
  private static func formats(of file: SourceFile?) -> [ImportFormat] {
    guard let file else { return [] }
    return ForeignSection.all(in: file.bytes, from: file.start).lazy.compactMap(\.tool.format).prefix(1).map {
      $0
    }
  }

  /// The nearest folder below in which the tool finds migrations: of Prisma and Diesel the one above it is often named instead.
  func folder(below folder: String, depth: Int = 2) -> String? {
    let names = (try? Disk.names(in: folder)) ?? []
    let folders = names.sorted().filter { !$0.hasPrefix(".") }.map { Disk.join(folder, $0) }.filter {
      Disk.isFolder($0) && !Disk.isLink($0)
    }
    let found = folders.first { path in
      guard let source = try? SourceFolder(path, deep: self.source.readsFoldersBelow) else { return false }
      return !read(source).migrations.isEmpty
    }
    if found != nil || depth == 1 { return found }
    return folders.lazy.compactMap { self.folder(below: $0, depth: depth - 1) }.first
  }
}
