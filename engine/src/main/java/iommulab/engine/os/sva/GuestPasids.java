package iommulab.engine.os.sva;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.kvm.VirtualMachine;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Optional;

/// A proposal that Linux never got: each process has a list of PASIDs that it may use, and a virtual
/// machine's PASIDs are linked to those of its process. Nobody links to a PASID that the process itself
/// could not use; who takes the right away breaks the links at once.
///
/// The table of links is the CPU's: a guest's number without link leaves the guest. Source: Intel SDM,
/// "PASID Translation".
public final class GuestPasids {
    private final Bonds bonds;
    private final Book<Right, Boolean> rights;
    private final Book<Link, Integer> links;

    /// A process may use a PASID.
    public record Right(String process, int pasid) implements Comparable<Right> {
        @Override
        public int compareTo(Right other) {
            int processes = process.compareTo(other.process);
            return processes != 0 ? processes : Integer.compare(pasid, other.pasid);
        }
    }

    /// A PASID of a guest.
    public record Link(String machine, String process, int guestPasid) implements Comparable<Link> {
        @Override
        public int compareTo(Link other) {
            int machines = machine.compareTo(other.machine);
            return machines != 0 ? machines : Integer.compare(guestPasid, other.guestPasid);
        }
    }

    public GuestPasids(Ledger ledger, Bonds bonds) {
        this.bonds = bonds;
        rights = new Book<>(ledger);
        links = new Book<>(ledger);
    }

    /// Rights that were given beyond the process's own PASID.
    public Iterable<Right> rights() {
        return Collections.unmodifiableSet(rights.all().keySet());
    }

    /// Host PASIDs by PASID of the guest.
    public NavigableMap<Link, Integer> links() {
        return links.all();
    }

    /// Whether a process may use a PASID: its own, or one that it was given.
    public boolean mayUse(Process process, int pasid) {
        return bonds.owners().find(pasid).filter(process::equals).isPresent()
                || rights.has(new Right(process.name(), pasid));
    }

    void authorize(Process process, int pasid) {
        rights.set(new Right(process.name(), pasid), true);
    }

    /// @throws CallFailed (ENOENT) it was not given
    void revoke(Process process, int pasid) throws CallFailed {
        var right = new Right(process.name(), pasid);
        if (!rights.has(right)) {
            throw new CallFailed(
                    "ENOENT", "PASID %d is not on the list of %s.".formatted(pasid, process));
        }
        rights.remove(right);
        breakLinks(process);
    }

    /// Takes away what leads to PASIDs that the process may not use any more.
    private void breakLinks(Process process) {
        for (var link : new ArrayList<>(links.all().entrySet())) {
            if (link.getKey().process().equals(process.name())
                    && !mayUse(process, link.getValue())) {
                links.remove(link.getKey());
            }
        }
    }

    /// A process is gone, its machines too.
    void forget(Process process) {
        for (var right : new ArrayList<>(rights.all().keySet())) {
            if (right.process().equals(process.name())) {
                rights.remove(right);
            }
        }
        for (var link : new ArrayList<>(links.all().keySet())) {
            if (link.process().equals(process.name())) {
                links.remove(link);
            }
        }
    }

    /// A machine is gone, and the CPU's table of its links with it.
    public void forget(VirtualMachine machine) {
        for (var link : new ArrayList<>(links.all().keySet())) {
            if (link.machine().equals(machine.handle())) {
                links.remove(link);
            }
        }
    }

    private static Link key(VirtualMachine machine, int guestPasid) {
        return new Link(machine.handle(), machine.opener().name(), guestPasid);
    }

    /// @throws CallFailed (EPERM) the machine's process may not use the PASID, (EEXIST) the guest's one is
    ///     linked
    void link(VirtualMachine machine, int guestPasid, int hostPasid) throws CallFailed {
        if (!mayUse(machine.opener(), hostPasid)) {
            throw new CallFailed(
                    "EPERM",
                    "%s may not use PASID %d itself, so its machine may not either."
                            .formatted(machine.opener(), hostPasid));
        }
        var link = key(machine, guestPasid);
        if (links.has(link)) {
            throw new CallFailed(
                    "EEXIST",
                    "PASID %d of %s leads to %d already."
                            .formatted(guestPasid, machine, links.all().get(link)));
        }
        links.set(link, hostPasid);
    }

    /// @throws CallFailed (ENOENT) there is no link
    void unlink(VirtualMachine machine, int guestPasid) throws CallFailed {
        var link = key(machine, guestPasid);
        if (!links.has(link)) {
            throw new CallFailed(
                    "ENOENT", "PASID %d of %s leads nowhere.".formatted(guestPasid, machine));
        }
        links.remove(link);
    }

    Optional<Integer> hostPasid(VirtualMachine machine, int guestPasid) {
        return links.find(key(machine, guestPasid));
    }
}
