internal import TenancyPostgres

/// The server's table of locks, which all sessions share (PostgreSQL manual, 20.12 `max_locks_per_transaction`).
enum LockTable {
  /// How many locks one transaction may take: a quarter of the table leaves the other sessions what they need.
  static let share: SQL =
    "current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int / 4"
}
