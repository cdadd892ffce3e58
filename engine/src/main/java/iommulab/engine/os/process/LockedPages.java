package iommulab.engine.os.process;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

/// The bill for pages that cannot be moved or taken away because devices use them, and its limit
/// (`RLIMIT_MEMLOCK`). A page counts as often as it was locked: whoever shares pages locks them once.
///
/// All processes are one user's. Each bill has a limit of its own. Source: kernel `mm->locked_vm`,
/// `mm->pinned_vm`, `user->locked_vm`; `vfio_lock_acct`, `do_update_pinned` of iommufd.
public final class LockedPages {
    private final Book<String, Long> onUser;
    private final Book<String, Long> onProcess;

    /// Who pays for pages that a process has locked.
    public enum Bill {
        /// its user: the limit holds for what all his processes have put on this bill
        USER,
        /// the process alone
        PROCESS
    }

    /// Nothing is locked.
    public LockedPages(Ledger ledger) {
        onUser = new Book<>(ledger);
        onProcess = new Book<>(ledger);
    }

    /// Puts pages on a bill.
    ///
    /// @param pages of 4 KiB
    /// @param unlimited whether the process had [Capability#CAP_IPC_LOCK] when it asked for the mapping
    /// @throws CallFailed (ENOMEM) if the bill would exceed the limit of the process
    public void lock(Process process, Bill bill, long pages, boolean unlimited) throws CallFailed {
        var limit = process.memlockPages();
        long now = total(process, bill);
        if (!unlimited && limit.isPresent() && now + pages > limit.getAsLong()) {
            throw new CallFailed(
                    "ENOMEM",
                    "%s may lock %d pages, %s has locked %d: %d more exceed RLIMIT_MEMLOCK, and it lacks CAP_IPC_LOCK."
                            .formatted(
                                    process,
                                    limit.getAsLong(),
                                    bill == Bill.USER ? "its user" : "it",
                                    now,
                                    pages));
        }
        add(process, bill, pages);
    }

    /// Takes pages off a bill that they were put on.
    public void unlock(Process process, Bill bill, long pages) {
        add(process, bill, -pages);
    }

    private void add(Process process, Bill bill, long pages) {
        var bills = bills(bill);
        long now = bills.find(process.name()).orElse(0L) + pages;
        if (now < 0) {
            throw new IllegalStateException(
                    "%s unlocks %d pages more than it has locked".formatted(process, -now));
        }
        if (now == 0) {
            bills.remove(process.name());
        } else {
            bills.set(process.name(), now);
        }
    }

    private Book<String, Long> bills(Bill bill) {
        return switch (bill) {
            case USER -> onUser;
            case PROCESS -> onProcess;
        };
    }

    /// What a bill that a process pays on comes to: with [Bill#USER] for all processes together.
    public long total(Process process, Bill bill) {
        return switch (bill) {
            case USER -> onUser.all().values().stream().mapToLong(Long::longValue).sum();
            case PROCESS -> onProcess.find(process.name()).orElse(0L);
        };
    }

    /// How many pages are locked on behalf of a process, whoever pays.
    public long of(Process process) {
        return onUser.find(process.name()).orElse(0L) + onProcess.find(process.name()).orElse(0L);
    }
}
