internal import Glibc

/// The version of a file that is made at a moment.
enum Timestamp {
  /// `YYYYMMDDHHMMSS` in UTC.
  static func digits(of secondsSince1970: Int) -> String {
    var time = time_t(secondsSince1970)
    var parts = tm()
    gmtime_r(&time, &parts)
    let fields = [parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
    return String(fields.reduce(Int(parts.tm_year) + 1900) { $0 * 100 + Int($1) })
  }
}
