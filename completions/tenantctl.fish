# fish completion for tenantctl, generated from its command tree

# Whether the command so far is $argv[1], and the number of its arguments is as the test
# in $argv[2..] says: "eq 1", "ge 0".
function __tenantctl_at
    set -l paths 'init' 'create' 'drop' 'rename' 'list' 'show' 'set' 'activate' 'deactivate' 'adopt' 'domain' 'domain add' 'domain remove' 'domain primary' 'domain list' 'resolve' 'migrate' 'rollback' 'status' 'migration' 'migration new' 'migration list' 'migration check' 'migration baseline' 'migration repair' 'migration import' 'exec' 'psql' 'psql --' 'run' 'run --' 'doctor' 'completion' 'help' 'version'
    set -l valued '--database' '-d' '--config' '--format' 'init --tenants-table' 'init --domains-table' 'create --schema' 'create --domain' 'create --set' 'create --migrations' 'list --match' 'list --migrations' 'set --unset' 'adopt --match' 'adopt --exclude' 'adopt --limit' 'adopt --from-file' 'adopt --version' 'adopt --like' 'adopt --migrations' 'adopt --retries' 'adopt --jobs' 'adopt -j' 'adopt --on-error' 'adopt --max-failures' 'adopt --canary' 'adopt --report' 'domain add --set' 'migrate --match' 'migrate --exclude' 'migrate --limit' 'migrate --from-file' 'migrate --to' 'migrate --jobs' 'migrate -j' 'migrate --on-error' 'migrate --max-failures' 'migrate --canary' 'migrate --report' 'migrate --retries' 'migrate --statement-timeout' 'migrate --migrations' 'rollback --match' 'rollback --exclude' 'rollback --limit' 'rollback --from-file' 'rollback --steps' 'rollback --to' 'rollback --jobs' 'rollback -j' 'rollback --on-error' 'rollback --max-failures' 'rollback --canary' 'rollback --report' 'rollback --retries' 'rollback --statement-timeout' 'rollback --migrations' 'status --match' 'status --exclude' 'status --limit' 'status --from-file' 'status --migrations' 'migration new --migrations' 'migration list --migrations' 'migration check --migrations' 'migration baseline --match' 'migration baseline --exclude' 'migration baseline --limit' 'migration baseline --from-file' 'migration baseline --migrations' 'migration baseline --retries' 'migration baseline --jobs' 'migration baseline -j' 'migration baseline --on-error' 'migration baseline --max-failures' 'migration baseline --canary' 'migration baseline --report' 'migration repair --match' 'migration repair --exclude' 'migration repair --limit' 'migration repair --from-file' 'migration repair --migrations' 'migration import --from' 'migration import --match' 'migration import --exclude' 'migration import --limit' 'migration import --from-file' 'migration import --table' 'migration import --migrations' 'exec --match' 'exec --exclude' 'exec --limit' 'exec --from-file' 'exec --command' 'exec -c' 'exec --file' 'exec -f' 'exec --statement-timeout' 'exec --jobs' 'exec -j' 'exec --on-error' 'exec --max-failures' 'exec --canary' 'exec --report' 'run --match' 'run --exclude' 'run --limit' 'run --from-file' 'run --jobs' 'run -j' 'run --on-error' 'run --max-failures' 'run --canary' 'run --report'
    set -l path
    set -l count 0
    set -l pending
    set -l verbatim
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test -n "$pending"
            set pending
        else if test -z "$verbatim"; and test "$word" = --
            set verbatim yes
            contains -- "$path --" $paths; and set path "$path" --
        else if test -z "$verbatim"; and string match -q -- '--*' $word
            contains -- $word $valued; or contains -- "$path $word" $valued; and set pending yes
        else if test -z "$verbatim"; and string match -q -- '-?*' $word
            set -l letters (string split '' -- $word)[2..-1]
            while set -q letters[1]
                set -l option -$letters[1]
                set -e letters[1]
                if contains -- $option $valued; or contains -- "$path $option" $valued
                    set -q letters[1]; or set pending yes
                    break
                end
            end
        else if contains -- (string trim -- "$path $word") $paths
            set path $path $word
        else
            set count (math $count + 1)
        end
    end
    test "$path" = "$argv[1]"; and begin
        not set -q argv[2]; or test $count -$argv[2] $argv[3]
    end
end

# The names of the kind $argv[1].
function __tenantctl_ask
    set -l words
    for word in (commandline -opc) (commandline -ct)
        if set -l match (string match -r -- '^((?:--[^=]*=)?)\$(\w+)$' $word)
            set word $match[2]$$match[3]
        end
        set -a words (string replace -r -- '^~/' ~/ $word)
    end
    type -q $words[1]
    and set -l names ($words[1] __complete $argv[1] -- $words[2..-1] 2>/dev/null)
    and printf '%s\n' $names
end

complete -c tenantctl -f
complete -c tenantctl -s d -l database -r -f -d 'The database, as a URI or as key=value pairs. Default: DATABASE_URL, then tenantctl.toml, then libpq\'s PG* variables, service file and .pgpass'
complete -c tenantctl -l config -r -f -a '(__fish_complete_suffix .toml)' -d 'The configuration file. Default: tenantctl.toml in the working directory or above it'
complete -c tenantctl -l format -r -f -a 'text json ndjson csv' -d 'The output format; csv is for lists and exec, ndjson for lists and fleet runs'
complete -c tenantctl -s q -l quiet -d 'Print only the names of a list, and nothing for other commands'
complete -c tenantctl -s v -l verbose -d 'Print each SQL statement, and the server\'s notices, to standard error'
complete -c tenantctl -l no-color -d 'Do not use colours; NO_COLOR has the same effect'
complete -c tenantctl -s h -l help -d 'Show help and exit'
complete -c tenantctl -s V -l version -d 'Show the version and exit'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a init -d 'Find the registry or create one; write tenantctl.toml and migrations/'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a create -d 'Create a tenant: row, schema, all migrations and domains, all or nothing'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a drop -d 'Remove a tenant: its rows, and its schema with everything in it'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a rename -d 'Rename a tenant: schema, row and domain rows in one transaction'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a list -d 'List the tenants'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a show -d 'Show everything about a tenant'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a set -d 'Set custom columns of the registry, such as a plan or a phone number'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a activate -d 'Activate tenants: the app serves them again'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a deactivate -d 'Deactivate tenants: the app no longer serves them; their data stays'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a adopt -d 'Create the ledgers of tenants that an app or another tool created'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a domain -d 'Manage the host names of tenants'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a resolve -d 'Show which tenant serves a host, and why'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a migrate -d 'Apply pending migrations to tenants'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a rollback -d 'Undo the last migrations of tenants with their down sections'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a status -d 'Show which version each tenant has, and which tenants are behind'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a migration -d 'Manage migration files and their records in the ledgers'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a exec -d 'Run SQL in tenants and combine the results'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a psql -d 'Open psql in a tenant\'s schema'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a run -d 'Run a program for each tenant'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a doctor -d 'Find inconsistencies in the database, and fix them with --fix'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a completion -d 'Print the completion script of a shell'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a help -d 'Show the help of a command'
complete -c tenantctl -n "__tenantctl_at '' eq 0" -a version -d 'Print the version'
complete -c tenantctl -n "__tenantctl_at 'init'" -l tenants-table -r -f -d 'The app\'s table of tenants, as SCHEMA.TABLE, or TABLE if it is in public'
complete -c tenantctl -n "__tenantctl_at 'init'" -l domains-table -r -f -d 'The app\'s table of domains. Default: the table with host names that refers to the tenants'
complete -c tenantctl -n "__tenantctl_at 'init'" -l new -d 'Create a registry, even if the database seems to have one'
complete -c tenantctl -n "__tenantctl_at 'init'" -l upgrade -d 'Add what the registry lacks'
complete -c tenantctl -n "__tenantctl_at 'init'" -l no-files -d 'Write no files'
complete -c tenantctl -n "__tenantctl_at 'init'" -s y -l yes -d 'Do not ask for confirmation'
complete -c tenantctl -n "__tenantctl_at 'init'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'create'" -l schema -r -f -d 'The tenant\'s schema, if the registry has a column for it. Default: the name'
complete -c tenantctl -n "__tenantctl_at 'create'" -l domain -r -f -d 'A domain of the tenant; the first one is primary'
complete -c tenantctl -n "__tenantctl_at 'create'" -l set -r -f -d 'Set a custom column of the registry'
complete -c tenantctl -n "__tenantctl_at 'create'" -l deactivated -d 'Create it deactivated: the app does not serve it yet'
complete -c tenantctl -n "__tenantctl_at 'create'" -l no-migrations -d 'Create the schema with an empty ledger only'
complete -c tenantctl -n "__tenantctl_at 'create'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'create'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'drop'" -s y -l yes -d 'Do not ask for confirmation'
complete -c tenantctl -n "__tenantctl_at 'drop'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'drop' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'rename'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'rename' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'list'" -l active -d 'List only active tenants'
complete -c tenantctl -n "__tenantctl_at 'list'" -l deactivated -d 'List only deactivated tenants'
complete -c tenantctl -n "__tenantctl_at 'list'" -l match -r -f -d 'List only names that match; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'list'" -l behind -d 'List only tenants with pending migrations'
complete -c tenantctl -n "__tenantctl_at 'list'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'show' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'set'" -l unset -r -f -d 'Set this column to NULL'
complete -c tenantctl -n "__tenantctl_at 'set'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'set' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'activate'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'activate' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'deactivate'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'deactivate' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l version -r -f -a '(__tenantctl_ask version)' -d 'The last migration that the tenants have'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l like -r -f -a '(__tenantctl_ask tenant)' -d 'The tenant to compare with: tenants with equal tables get a copy of its ledger'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l retries -r -f -d 'Try a tenant again up to N times when another session holds a lock that it needs'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -s j -l jobs -r -f -d 'Work on N tenants at a time. Default: 8, but at most a quarter of the free connections'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l on-error -r -f -a 'continue stop' -d 'What to do when a tenant fails'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l max-failures -r -f -d 'Start no other tenant after N have failed'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l canary -r -f -d 'The first N tenants must succeed before any other is started'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l report -r -f -d 'Write a JUnit XML report to FILE, with a test case for each tenant'
complete -c tenantctl -n "__tenantctl_at 'adopt'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'adopt' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'domain' eq 0" -a add -d 'Register a domain for a tenant'
complete -c tenantctl -n "__tenantctl_at 'domain' eq 0" -a remove -d 'Remove a domain'
complete -c tenantctl -n "__tenantctl_at 'domain' eq 0" -a primary -d 'Make a domain the primary domain of its tenant'
complete -c tenantctl -n "__tenantctl_at 'domain' eq 0" -a list -d 'List the domains of a tenant, or of all tenants'
complete -c tenantctl -n "__tenantctl_at 'domain add'" -l primary -d 'Make it the tenant\'s primary domain'
complete -c tenantctl -n "__tenantctl_at 'domain add'" -l set -r -f -d 'Set a custom column of the table of domains'
complete -c tenantctl -n "__tenantctl_at 'domain add'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'domain add' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'domain remove'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'domain remove' eq 0" -f -a '(__tenantctl_ask domain)'
complete -c tenantctl -n "__tenantctl_at 'domain primary'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'domain primary' eq 0" -f -a '(__tenantctl_ask domain)'
complete -c tenantctl -n "__tenantctl_at 'domain list' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'resolve' eq 0" -f -a '(__tenantctl_ask domain)'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l to -r -f -a '(__tenantctl_ask version)' -d 'The last version to apply. Default: the newest'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l check -d 'Only check whether migrations are pending'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l strict -d 'Refuse a file that is older than a tenant\'s newest migration'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -s j -l jobs -r -f -d 'Work on N tenants at a time. Default: 8, but at most a quarter of the free connections'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l on-error -r -f -a 'continue stop' -d 'What to do when a tenant fails'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l max-failures -r -f -d 'Start no other tenant after N have failed'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l canary -r -f -d 'The first N tenants must succeed before any other is started'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l report -r -f -d 'Write a JUnit XML report to FILE, with a test case for each tenant'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l retries -r -f -d 'Try a tenant again up to N times when another session holds a lock that it needs'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l statement-timeout -r -f -d 'Cancel a statement that takes longer, such as 30s. Default: the server\'s setting'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migrate'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'migrate' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l steps -r -f -d 'Undo the last N migrations of each tenant. Default: 1'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l to -r -f -a '(__tenantctl_ask version)' -d 'Undo the migrations that are newer than this version'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -s j -l jobs -r -f -d 'Work on N tenants at a time. Default: 8, but at most a quarter of the free connections'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l on-error -r -f -a 'continue stop' -d 'What to do when a tenant fails'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l max-failures -r -f -d 'Start no other tenant after N have failed'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l canary -r -f -d 'The first N tenants must succeed before any other is started'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l report -r -f -d 'Write a JUnit XML report to FILE, with a test case for each tenant'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l retries -r -f -d 'Try a tenant again up to N times when another session holds a lock that it needs'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l statement-timeout -r -f -d 'Cancel a statement that takes longer, such as 30s. Default: the server\'s setting'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -s y -l yes -d 'Do not ask for confirmation'
complete -c tenantctl -n "__tenantctl_at 'rollback'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'rollback' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'status'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'status'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'status'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'status'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'status'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'status'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'status'" -l check -d 'Exit with status 6 if a tenant is behind, 4 if an applied file was edited'
complete -c tenantctl -n "__tenantctl_at 'status'" -l pending -d 'List only tenants that are behind'
complete -c tenantctl -n "__tenantctl_at 'status'" -l verify -d 'Read every ledger, and report stale comments'
complete -c tenantctl -n "__tenantctl_at 'status'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'status' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'migration' eq 0" -a new -d 'Write an empty migration file'
complete -c tenantctl -n "__tenantctl_at 'migration' eq 0" -a list -d 'List the migration files, in the order they run'
complete -c tenantctl -n "__tenantctl_at 'migration' eq 0" -a check -d 'Check the migration files for errors and hazards'
complete -c tenantctl -n "__tenantctl_at 'migration' eq 0" -a baseline -d 'Record migrations as applied without running them'
complete -c tenantctl -n "__tenantctl_at 'migration' eq 0" -a repair -d 'Accept a migration file that was edited after it was applied'
complete -c tenantctl -n "__tenantctl_at 'migration' eq 0" -a import -d 'Import the migrations of goose, golang-migrate, Flyway or sqlx'
complete -c tenantctl -n "__tenantctl_at 'migration new'" -l shared -d 'Write it for the shared schema instead of the tenants\' schemas'
complete -c tenantctl -n "__tenantctl_at 'migration new'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migration list'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migration check'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l retries -r -f -d 'Try a tenant again up to N times when another session holds a lock that it needs'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -s j -l jobs -r -f -d 'Work on N tenants at a time. Default: 8, but at most a quarter of the free connections'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l on-error -r -f -a 'continue stop' -d 'What to do when a tenant fails'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l max-failures -r -f -d 'Start no other tenant after N have failed'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l canary -r -f -d 'The first N tenants must succeed before any other is started'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l report -r -f -d 'Write a JUnit XML report to FILE, with a test case for each tenant'
complete -c tenantctl -n "__tenantctl_at 'migration baseline'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'migration baseline' eq 0" -f -a '(__tenantctl_ask version)'
complete -c tenantctl -n "__tenantctl_at 'migration baseline' ge 1" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migration repair'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'migration repair' eq 0" -f -a '(__tenantctl_ask version)'
complete -c tenantctl -n "__tenantctl_at 'migration repair' ge 1" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l from -r -f -a 'goose golang-migrate flyway sqlx' -d 'The tool that the files were written for'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l ledger -d 'Import the histories of the selected tenants, too'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l table -r -f -d 'The table with the other tool\'s history. Default: the tool\'s usual table'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l shared -d 'Import into the shared schema instead of the tenants\' schemas'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l migrations -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'The migrations folder. Default: that of tenantctl.toml, or migrations/'
complete -c tenantctl -n "__tenantctl_at 'migration import'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'migration import' eq 0" -f -a '(__fish_complete_directories (commandline -ct))'
complete -c tenantctl -n "__tenantctl_at 'migration import' ge 1" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'exec'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'exec'" -s c -l command -r -f -d 'The statements to run'
complete -c tenantctl -n "__tenantctl_at 'exec'" -s f -l file -r -f -a '(__fish_complete_suffix .sql)' -d 'The file with the statements to run; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l write -d 'Allow the statements to write'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l statement-timeout -r -f -d 'Cancel a statement that takes longer, such as 30s. Default: the server\'s setting'
complete -c tenantctl -n "__tenantctl_at 'exec'" -s j -l jobs -r -f -d 'Work on N tenants at a time. Default: 8, but at most a quarter of the free connections'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l on-error -r -f -a 'continue stop' -d 'What to do when a tenant fails'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l max-failures -r -f -d 'Start no other tenant after N have failed'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l canary -r -f -d 'The first N tenants must succeed before any other is started'
complete -c tenantctl -n "__tenantctl_at 'exec'" -l report -r -f -d 'Write a JUnit XML report to FILE, with a test case for each tenant'
complete -c tenantctl -n "__tenantctl_at 'exec' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'psql' eq 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'psql --'" -F
complete -c tenantctl -n "__tenantctl_at 'run'" -s a -l all -d 'Select every tenant, including deactivated ones'
complete -c tenantctl -n "__tenantctl_at 'run'" -l match -r -f -d 'Select tenants whose name matches; * matches any characters, ? matches one'
complete -c tenantctl -n "__tenantctl_at 'run'" -l exclude -r -f -d 'Exclude tenants whose name matches'
complete -c tenantctl -n "__tenantctl_at 'run'" -l active -d 'Select only active tenants'
complete -c tenantctl -n "__tenantctl_at 'run'" -l limit -r -f -d 'Select at most N tenants, the first by name'
complete -c tenantctl -n "__tenantctl_at 'run'" -l from-file -r -F -d 'Select the tenants that FILE names, one a line; - is standard input'
complete -c tenantctl -n "__tenantctl_at 'run'" -s j -l jobs -r -f -d 'Work on N tenants at a time. Default: 8, but at most a quarter of the free connections'
complete -c tenantctl -n "__tenantctl_at 'run'" -l on-error -r -f -a 'continue stop' -d 'What to do when a tenant fails'
complete -c tenantctl -n "__tenantctl_at 'run'" -l max-failures -r -f -d 'Start no other tenant after N have failed'
complete -c tenantctl -n "__tenantctl_at 'run'" -l canary -r -f -d 'The first N tenants must succeed before any other is started'
complete -c tenantctl -n "__tenantctl_at 'run'" -l report -r -f -d 'Write a JUnit XML report to FILE, with a test case for each tenant'
complete -c tenantctl -n "__tenantctl_at 'run' ge 0" -f -a '(__tenantctl_ask tenant)'
complete -c tenantctl -n "__tenantctl_at 'run --'" -F
complete -c tenantctl -n "__tenantctl_at 'doctor'" -l fix -d 'Fix what can be fixed without a decision'
complete -c tenantctl -n "__tenantctl_at 'doctor'" -s y -l yes -d 'Do not ask for confirmation'
complete -c tenantctl -n "__tenantctl_at 'doctor'" -l dry-run -d 'Print the SQL that would run; change nothing'
complete -c tenantctl -n "__tenantctl_at 'completion' eq 0" -f -a 'bash zsh fish'
