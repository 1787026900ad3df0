# `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=

program = .build/release/tenantctl

# Start-up is most of what `list` and `resolve` take. A fixed load address halves the relocations, and
# without the shared libstdc++ (TOMLKit is C++) two libraries fewer are loaded: together 1 ms of 6, which
# makes it as fast as `psql -V`. swift links -lstdc++ by itself, so a folder in front holds the archive alone.
archives = .build/archives
link_flags = -Xswiftc -Xclang-linker -Xswiftc -no-pie -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
  -Xlinker -L$(archives) -Xlinker --as-needed
release = mkdir -p $(archives) && ln -sf "$$(clang -print-file-name=libstdc++.a)" $(archives)/ && \
  swift build -c release --product tenantctl --static-swift-stdlib $(link_flags)
bin = $(DESTDIR)$(PREFIX)/bin
share = $(DESTDIR)$(PREFIX)/share

.PHONY: build demo test generate lint install uninstall clean help

## build: the release binary, .build/release/tenantctl (the default)
build:
	@Scripts/install-packages build
	@$(release)

## demo: the main job on a private PostgreSQL server, each command with its output
demo:
	@Scripts/install-packages demo
	@$(release)
	@Scripts/with-postgres -- Scripts/demo $(program)

## test: all tests, on a private PostgreSQL server or on TENANTCTL_TEST_DATABASE_URL
test:
	@Scripts/test

## generate: man/ and completions/ from the command tree
generate: build
	$(program) __generate .

## lint: format, imports and warnings
lint:
	@Scripts/install-packages build
	swift format lint --strict --recursive Package.swift Sources Tests
	swift build --build-tests --explicit-target-dependency-import-check error

## install: binary, man pages and completions, to $(DESTDIR)$(PREFIX)
install: build
	install -d $(bin) $(share)/man/man1 $(share)/man/man5 $(share)/bash-completion/completions \
	  $(share)/zsh/site-functions $(share)/fish/vendor_completions.d
	install -s -m 755 $(program) $(bin)/
	install -m 644 man/*.1 $(share)/man/man1/
	install -m 644 man/*.5 $(share)/man/man5/
	install -m 644 completions/tenantctl.bash $(share)/bash-completion/completions/tenantctl
	install -m 644 completions/_tenantctl $(share)/zsh/site-functions/
	install -m 644 completions/tenantctl.fish $(share)/fish/vendor_completions.d/

## uninstall: what install wrote, from the same DESTDIR and PREFIX
uninstall:
	rm -f $(bin)/tenantctl $(share)/man/man1/tenantctl.1 $(share)/man/man1/tenantctl-*.1 \
	  $(share)/man/man5/tenantctl*.5 $(share)/bash-completion/completions/tenantctl \
	  $(share)/zsh/site-functions/_tenantctl $(share)/fish/vendor_completions.d/tenantctl.fish

## clean: remove everything that was built
clean:
	swift package clean

## help: this list
help:
	@sed -n 's/^## /  make /p' Makefile
