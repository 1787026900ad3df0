import TestSupport
import Testing

/// A script as a CI system runs it: no terminal, no prompt; it decides by exit status and JSON alone.
@Suite struct ContinuousIntegrationTests {
  private static let script = #"""
    set -u
    export TENANTCTL_FORMAT=json
    fail() { echo "line $1: $2" >&2; exit 1; }
    expect() { # expect LINE STATUS PATTERN COMMAND...
      local line=$1 status=$2 pattern=$3 output code=0
      shift 3
      output=$("$@" 2>/dev/null </dev/null) || code=$?
      ((code == status)) || fail "$line" "status $code, not $status: $output"
      [[ $output == *"$pattern"* ]] || fail "$line" "no $pattern in $output"
    }

    expect $LINENO 3 '"code":"registry_missing"' tenantctl list
    expect $LINENO 0 '"created":["public.tenants","public.domains"]' tenantctl init
    expect $LINENO 0 '[]' tenantctl list
    expect $LINENO 0 '"path":"migrations/tenant/' tenantctl migration new tanks
    echo 'CREATE TABLE tanks (id int);' >"$(echo migrations/tenant/*_tanks.sql)"

    for name in acme reef; do
      tenantctl show $name >/dev/null 2>&1
      case $? in
      0) ;;
      3) expect $LINENO 0 '"name":"'$name'"' tenantctl create $name --domain $name.example.com ;;
      *) fail $LINENO "show $name" ;;
      esac
    done
    expect $LINENO 4 '"code":"tenant_exists"' tenantctl create acme
    expect $LINENO 2 '"code":"invalid_name"' tenantctl create Acme

    expect $LINENO 0 '"pending":[]' tenantctl migrate --all --check
    echo 'ALTER TABLE tanks ADD litres int;' >migrations/tenant/99991231000000_litres.sql
    expect $LINENO 6 '"pending":["99991231000000"]' tenantctl migrate --all --check
    expect $LINENO 6 '"pending":["99991231000000"]' tenantctl status --all --check
    psql -Xqc 'ALTER TABLE reef.tanks ADD litres int' "$TENANTCTL_DATABASE_URL"
    expect $LINENO 5 '"failed":1,"migrated":1' tenantctl migrate --all
    psql -Xqc 'ALTER TABLE reef.tanks DROP litres' "$TENANTCTL_DATABASE_URL"
    expect $LINENO 0 '"failed":0,"migrated":1,"not_run":0,"total":2,"unfinished":0,"up_to_date":1' tenantctl migrate --all

    expect $LINENO 0 '"changed":true' tenantctl deactivate acme
    expect $LINENO 0 '"changed":false' tenantctl deactivate acme
    expect $LINENO 4 '"code":"tenant_deactivated"' tenantctl resolve acme.example.com
    expect $LINENO 0 '"changed":true' tenantctl activate acme
    expect $LINENO 0 '"primary":true' tenantctl domain add acme acme.com --primary
    expect $LINENO 0 '"rule":"domain"' tenantctl resolve acme.com
    expect $LINENO 0 '"from":"acme"' tenantctl rename acme acme_inc
    expect $LINENO 4 '"code":"confirmation_needed"' tenantctl drop acme_inc
    for name in $(tenantctl list --quiet --format text); do
      expect $LINENO 0 '"had_schema":true' tenantctl drop "$name" --yes
    done
    expect $LINENO 0 '[]' tenantctl list
    TENANTCTL_DATABASE_URL='postgresql:///x?host=/nowhere' expect $LINENO 7 '"code":"cannot_connect"' tenantctl list
    echo done

    """#

  @Test func everythingWithoutAPrompt() async throws {
    try await Scene.empty { scene in
      let outcome = try await Tenantctl.script(
        Self.script, database: scene.database, workingDirectory: scene.folder.path)
      #expect(outcome == Outcome(stdout: "done\n", stderr: "", status: 0))
    }
  }
}
