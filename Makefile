# SPDX-License-Identifier: Apache-2.0
#
# make            release binaries at .build/release: provfs, provstamp and provstampd
# make demo       installs what is missing, builds, and shows two sessions in a view of a tree
# make check      installs what is missing and runs every test of the programs
# make install    under $(DESTDIR)$(PREFIX); make uninstall takes it away again

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
TREE ?=

bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
bashdir = $(PREFIX)/share/bash-completion/completions
# Where these shells look below /usr is for packages; what an administrator adds has places of its own.
zshdir = $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
fishdir = $(if $(filter /usr/local,$(PREFIX)),/etc/fish/completions,$(PREFIX)/share/fish/vendor_completions.d)

# Swift's runtime is linked in: the programs need no toolchain where they run.
RELEASE = -c release --static-swift-stdlib

.PHONY: all demo check lint test test-swift test-e2e bench install uninstall clean

all:
	$(SWIFT) build $(RELEASE)

demo:
	scripts/setup build
	$(MAKE) all
	scripts/demo $(if $(TREE),"$(TREE)")

check:
	scripts/setup check
	$(MAKE) lint
	$(MAKE) all
	$(MAKE) test

lint:
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift
	scripts/lint

test: test-swift test-e2e

test-swift:
	$(SWIFT) test

test-e2e:
	scripts/test-e2e

bench:
	scripts/bench-find

install:
	install -Dm755 .build/release/provfs $(DESTDIR)$(bindir)/provfs
	install -Dm755 .build/release/provstamp $(DESTDIR)$(bindir)/provstamp
	install -Dm644 man/provfs.8 $(DESTDIR)$(mandir)/man8/provfs.8
	install -Dm644 man/provstamp.1 $(DESTDIR)$(mandir)/man1/provstamp.1
	install -Dm644 completions/provstamp.bash $(DESTDIR)$(bashdir)/provstamp
	install -Dm644 completions/provfs.bash $(DESTDIR)$(bashdir)/provfs
	install -Dm644 completions/_provstamp completions/_provfs -t $(DESTDIR)$(zshdir)
	install -Dm644 completions/provstamp.fish completions/provfs.fish -t $(DESTDIR)$(fishdir)

uninstall:
	$(RM) $(DESTDIR)$(bindir)/provfs $(DESTDIR)$(bindir)/provstamp
	$(RM) $(DESTDIR)$(mandir)/man8/provfs.8 $(DESTDIR)$(mandir)/man1/provstamp.1
	$(RM) $(DESTDIR)$(bashdir)/provstamp $(DESTDIR)$(bashdir)/provfs
	$(RM) $(DESTDIR)$(zshdir)/_provstamp $(DESTDIR)$(zshdir)/_provfs
	$(RM) $(DESTDIR)$(fishdir)/provstamp.fish $(DESTDIR)$(fishdir)/provfs.fish

clean:
	$(RM) -r .build
