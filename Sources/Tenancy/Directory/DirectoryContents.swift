/// A tenant's row, as far as a host's answer needs it.
package struct DirectoryTenant: Sendable, Hashable {
  /// The name.
  package let name: String
  /// The schema.
  package let schema: String
  /// The value of the registry's key; `nil` if it has none.
  package let id: String?
  /// Whether the app serves the tenant.
  package let isActive: Bool

  /// The same for a block.
  package var tenant: Tenant {
    Tenant(name: .init(stored: name), schema: .init(stored: schema), isActive: isActive, key: id)
  }
}

/// What a directory knows at one moment. It never changes: a change of the registry makes another one.
///
/// A change of a few tenants copies nothing of the rest: what these tenants have now stands in a small index in front of the
/// large one, in which they no longer count.
final class DirectoryContents: Sendable {
  let base: DirectoryIndex
  private let changes: DirectoryIndex
  /// By key, what ``changes`` was made of.
  private let changed: [DirectoryKey: DirectoryEntry]
  let hasDomains: Bool

  /// - Parameter hasDomains: whether the registry has a table of domains.
  init(_ base: DirectoryIndex, hasDomains: Bool) {
    (self.base, self.hasDomains) = (base, hasDomains)
    (changes, changed) = (DirectoryIndex(), [:])
  }

  private init(_ base: DirectoryIndex, _ changed: [DirectoryKey: DirectoryEntry], hasDomains: Bool) {
    (self.base, self.changed, self.hasDomains) = (base, changed, hasDomains)
    changes = changed.values.reduce(into: DirectoryIndex()) { $0.add($1) }
  }

  /// The contents after these tenants have changed; `nil` if only all rows can tell: there are too many changes, or two rows
  /// have one host or name.
  func applying(_ entries: [DirectoryEntry]) -> DirectoryContents? {
    var changed = changed
    for entry in entries where changed[entry.key] != nil || !entry.isEmpty || base.has(entry.key) {
      changed[entry.key] = entry
    }
    let isAmbiguous = changed.keys.contains(where: base.ambiguous.contains)
    if changed.count > Self.mostChanges || isAmbiguous || entries.contains(where: \.isContested) {
      return nil
    }
    let contents = DirectoryContents(base, changed, hasDomains: hasDomains)
    return contents.changes.ambiguous.isEmpty && !contents.overlaps ? contents : nil
  }

  private static let mostChanges = 1_000

  /// How many tenants and domains there are. Exact after a reading of all, and a little off after changes.
  var counts: (tenants: Int, domains: Int) {
    (base.tenantCount, base.domainCount)
  }

  /// Whether a host or a name of a changed tenant is another tenant's, too.
  private var overlaps: Bool {
    changed.values.contains { entry in
      entry.hosts.contains { stands(base.host(DirectoryIndex.inLowerCase($0))) }
        || entry.tenant.map { stands(base.tenant(named: $0.name)) } ?? false
    }
  }

  private func stands(_ match: DirectoryIndex.Match?) -> Bool {
    match.map { changed[$0.key] == nil } ?? false
  }

  /// The tenant of the domain; `name` is in lower case.
  func host(_ name: String) -> DirectoryIndex.Match? {
    if changed.isEmpty { return base.host(name) }
    if let match = changes.host(name) { return match }
    return base.host(name).flatMap { stands($0) ? $0 : nil }
  }

  /// The tenant of that name.
  func tenant(named name: String) -> DirectoryIndex.Match? {
    if changed.isEmpty { return base.tenant(named: name) }
    if let match = changes.tenant(named: name) { return match }
    return base.tenant(named: name).flatMap { stands($0) ? $0 : nil }
  }
}

/// The value of the column by which a tenant and its domains are told from others, as text. Compared by its bytes, as
/// PostgreSQL compares.
struct DirectoryKey: StoredName {
  let rawValue: String

  init(_ text: String) { rawValue = text }
}

/// All rows with one key: what is read again when a tenant has changed.
struct DirectoryEntry: Sendable {
  let key: DirectoryKey
  /// `nil` if no tenant has the key.
  var tenant: DirectoryTenant?
  var hosts: [String] = []
  /// Whether several tenants have the key.
  var isContested = false

  var isEmpty: Bool { tenant == nil && hosts.isEmpty }
}

extension DirectoryIndex {
  fileprivate mutating func add(_ entry: DirectoryEntry) {
    if let tenant = entry.tenant { add(tenant, key: entry.key.rawValue) }
    for host in entry.hosts { add(host: host, of: entry.key.rawValue) }
  }
}
