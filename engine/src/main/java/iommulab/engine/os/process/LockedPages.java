package iommulab.engine.os.process;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

/// How many pages cannot be moved or taken away because devices use them, and who pays for them. A page
/// counts as often as it was locked: whoever shares pages locks them once.
///
/// All processes are one user's. Source: kernel `mm->locked_vm`, `mm->pinned_vm`, `user->locked_vm`;
/// `vfio_lock_acct`, `do_update_pinned` of iommufd.
public final class LockedPages {
    private final Book<String, Long> onUser;
    private final Book<String, Long> onProcess;

    /// Whose limit holds for pages that a process has locked.
    public enum Payer {
        /// its user: the limit holds for what all his processes have locked in this way
        USER,
        /// the process alone
        PROCESS
    }

    /// Where the pages of one mapping are written down.
    ///
    /// @param process on whose behalf they are locked, and whose limit (`RLIMIT_MEMLOCK`) holds
    /// @param limited false if the process had [Capability#CAP_IPC_LOCK] when it asked for the mapping
    public record Bill(LockedPages book, Process process, Payer payer, boolean limited) {
        /// @param pages of 4 KiB
        /// @throws CallFailed (ENOMEM) if the limit does not suffice
        public void charge(long pages) throws CallFailed {
            var limit = process.memlockPages();
            long now = book.total(process, payer);
            if (limited && limit.isPresent() && now + pages > limit.getAsLong()) {
                throw new CallFailed(
                        "ENOMEM",
                        "%s may lock %d pages, and %s has locked %d: %d more exceed RLIMIT_MEMLOCK, and it lacks CAP_IPC_LOCK."
                                .formatted(
                                        process,
                                        limit.getAsLong(),
                                        payer == Payer.USER ? "its user" : "it",
                                        now,
                                        pages));
            }
            book.add(process, payer, pages);
        }

        /// Takes pages off that were charged.
        public void uncharge(long pages) {
            book.add(process, payer, -pages);
        }

        /// `p0 (user)`
        @Override
        public String toString() {
            return "%s (%s%s)"
                    .formatted(
                            process,
                            payer == Payer.USER ? "user" : "process",
                            limited ? "" : ", no limit");
        }
    }

    /// Nothing is locked.
    public LockedPages(Ledger ledger) {
        onUser = new Book<>(ledger);
        onProcess = new Book<>(ledger);
    }

    /// The bill of a mapping that a process asks for now.
    public Bill bill(Process process, Payer payer) {
        return new Bill(this, process, payer, !process.may(Capability.CAP_IPC_LOCK));
    }

    private void add(Process process, Payer payer, long pages) {
        var book = book(payer);
        long now = book.find(process.name()).orElse(0L) + pages;
        if (now < 0) {
            throw new IllegalStateException(
                    "%s unlocks %d pages more than it has locked".formatted(process, -now));
        }
        if (now == 0) {
            book.remove(process.name());
        } else {
            book.set(process.name(), now);
        }
    }

    private Book<String, Long> book(Payer payer) {
        return switch (payer) {
            case USER -> onUser;
            case PROCESS -> onProcess;
        };
    }

    /// How many pages a payer has locked: the user for all his processes together.
    public long total(Process process, Payer payer) {
        return switch (payer) {
            case USER -> onUser.all().values().stream().mapToLong(Long::longValue).sum();
            case PROCESS -> onProcess.find(process.name()).orElse(0L);
        };
    }

    /// How many pages are locked on behalf of a process, whoever pays.
    public long of(Process process) {
        return onUser.find(process.name()).orElse(0L) + onProcess.find(process.name()).orElse(0L);
    }
}
