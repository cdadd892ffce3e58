package iommulab.app.faults;

import iommulab.app.shell.Subject;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.iommu.Access;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.pci.AddressType;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Fault;
import iommulab.engine.session.MachineSnapshot.Mapping;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Checks one fault against the machine and its journal: what is the cause, what could be, what is not.
/// Pure.
final class Diagnosis {
    private static final int LOWEST_TABLE_BITS = 12;
    private static final int BITS_PER_LEVEL = 9;

    private final Fault fault;
    private final MachineSnapshot machine;
    private final Optional<Domain> domain;
    private final String did;

    private Diagnosis(Fault fault, MachineSnapshot machine) {
        this.fault = fault;
        this.machine = machine;
        domain = domainOf(fault, machine);
        did =
                "%s %s 0x%x%s"
                        .formatted(
                                FaultKind.name(fault.device()),
                                verb(fault),
                                fault.iova(),
                                fault.type() == AddressType.TRANSLATED
                                        ? ", translated already,"
                                        : "");
    }

    /// What the device did, before the address.
    static String verb(Fault fault) {
        if (fault.reason().isOfPageRequest()) {
            return "asked for the page at";
        }
        return switch (fault.type()) {
            case UNTRANSLATED -> fault.access() == Access.READ ? "read" : "wrote to";
            case TRANSLATION_REQUEST -> "asked for the translation of";
            case TRANSLATED -> "sent";
        };
    }

    /// The domain in whose tables the request ended: a fault names it by the tag in the hardware's entry.
    static Optional<Domain> domainOf(Fault fault, MachineSnapshot machine) {
        return machine.domains().stream()
                .filter(d -> d.unit().equals(fault.unit()))
                .filter(d -> d.tag() == fault.domain() || d.attached().contains(fault.device()))
                .min(Comparator.comparing(d -> d.tag() != fault.domain()));
    }

    /// The causes, those that hold first.
    static List<Cause> of(Fault fault, MachineSnapshot machine) {
        var diagnosis = new Diagnosis(fault, machine);
        var causes = new ArrayList<Cause>();
        causes.add(diagnosis.attachment());
        if (diagnosis.isOfServices()) {
            causes.add(diagnosis.service());
        } else {
            causes.add(diagnosis.reserved());
            diagnosis.domain.ifPresent(d -> diagnosis.tables(d, causes));
        }
        causes.add(diagnosis.alias());
        causes.sort(Comparator.comparing(Cause::verdict));
        return List.copyOf(causes);
    }

    /// Whether it was no ordinary request: what tables say of the address is no question then.
    private boolean isOfServices() {
        return fault.reason().isOfPageRequest() || fault.type() != AddressType.UNTRANSLATED;
    }

    /// The device used a service that its entry, or the driver, does not give it.
    private Cause service() {
        var title =
                fault.reason().isOfPageRequest()
                        ? "The page request was refused"
                        : fault.type() == AddressType.TRANSLATED
                                ? "The translated request was refused"
                                : "The translation request was refused";
        return Cause.found(
                title,
                fault.reason().meaning(),
                "%s and was refused: %s.".formatted(did, fault.reason().kernelText()),
                new Subject.Function(fault.device()));
    }

    private Cause attachment() {
        var title = "The device had no translation";
        if (domain.isEmpty()) {
            return Cause.found(
                    title,
                    "No domain is attached to it: its context entry is not present.",
                    did + " without any domain attached.",
                    new Subject.Function(fault.device()));
        }
        if (domain.get().type() == DomainType.BLOCKED) {
            return Cause.found(
                    "The domain blocks everything",
                    "Domain %d is of type blocked.".formatted(domain.get().id()),
                    "%s, but domain %d lets nothing pass.".formatted(did, domain.get().id()),
                    new Subject.Domain(domain.get().id()));
        }
        return Cause.ruledOut(
                title,
                "Domain %d, %s, was attached.".formatted(domain.get().id(), domain.get().name()));
    }

    private void tables(Domain of, List<Cause> causes) {
        if (of.levels() == 0) {
            return;
        }
        var mapping =
                of.mappings().stream()
                        .filter(m -> AddressRange.of(m.iova(), m.bytes()).contains(fault.iova()))
                        .findFirst();
        // The more a cause explains, the earlier it stands: the first that holds gives the
        // headline.
        causes.add(tooWide(of));
        causes.add(unmappedBefore(of, mapping.isPresent()));
        causes.add(mapping.map(m -> rights(of, m)).orElseGet(() -> notMapped(of)));
    }

    private Cause unmappedBefore(Domain of, boolean mappedNow) {
        var title = "Unmapped while the device still used it";
        var entry = lastUnmap(of);
        if (entry.isEmpty()) {
            return Cause.ruledOut(title, "No command before the fault unmapped the page.");
        }
        var when =
                "Journal #%d, %s, came before the fault of tick %d."
                        .formatted(entry.get().number(), entry.get().call(), fault.tick());
        var page = new Subject.Mapping(of.id(), fault.iova() & -4096);
        return mappedNow
                ? Cause.possible(title, when + " It is mapped again now.", page)
                : Cause.found(
                        title,
                        when,
                        "%s after #%d had unmapped the page.".formatted(did, entry.get().number()),
                        page);
    }

    private Optional<JournalView.Entry> lastUnmap(Domain of) {
        var before =
                machine.journal().entries().stream()
                        .filter(e -> e.number() <= fault.journal())
                        .toList();
        return before.reversed().stream().filter(e -> unmaps(e.call(), of)).findFirst();
    }

    private boolean unmaps(String call, Domain of) {
        try {
            return CommandText.parse(call)
                            instanceof Command.UnmapPages(int id, long iova, long bytes, boolean _)
                    && id == of.id()
                    && AddressRange.of(iova, bytes).contains(fault.iova());
        } catch (CommandRefused | IllegalArgumentException notACommand) {
            return false;
        }
    }

    private Cause rights(Domain of, Mapping mapping) {
        var title = "The mapping does not give the right";
        var about = new Subject.Mapping(of.id(), mapping.iova());
        if (mapping.permissions().allows(fault.access())) {
            return Cause.possible(
                    "The tables were changed since",
                    "Now 0x%x is mapped with %s: the same request would pass if no cache answers."
                            .formatted(mapping.iova(), mapping.permissions()),
                    about);
        }
        return Cause.found(
                title,
                "0x%x is mapped with %s only.".formatted(mapping.iova(), mapping.permissions()),
                "%s, which is mapped with %s only.".formatted(did, mapping.permissions()),
                about);
    }

    private Cause notMapped(Domain of) {
        var below =
                of.mappings().stream()
                        .filter(m -> Long.compareUnsigned(m.iova(), fault.iova()) < 0)
                        .reduce((_, last) -> last);
        var nearest =
                below.map(m ->
                                " The nearest mapping below ends at 0x%x."
                                        .formatted(m.iova() + m.bytes() - 1))
                        .orElse(" Nothing below it is mapped either.");
        return Cause.found(
                "Nothing maps the page",
                "Domain %d has no mapping there.".formatted(of.id()) + nearest,
                "%s, which domain %d does not map.".formatted(did, of.id()),
                new Subject.Mapping(of.id(), fault.iova() & -4096));
    }

    private Cause tooWide(Domain of) {
        var title = "The address is too wide for the tables";
        int bits = LOWEST_TABLE_BITS + BITS_PER_LEVEL * of.levels();
        return bits < 64 && fault.iova() >>> bits != 0
                ? Cause.found(
                        title,
                        "%d levels translate %d bits.".formatted(of.levels(), bits),
                        "%s, beyond the %d bits that domain %d translates."
                                .formatted(did, bits, of.id()),
                        new Subject.Domain(of.id()))
                : Cause.ruledOut(
                        title,
                        "%d levels translate %d bits; the address fits."
                                .formatted(of.levels(), bits));
    }

    private Cause reserved() {
        var title = "A reserved region of the firmware or the platform";
        var group = machine.grouping().groupOf(fault.device());
        var region =
                group.stream()
                        .flatMap(g -> g.reserved().stream())
                        .filter(r -> holds(r, fault.iova()))
                        .findFirst();
        if (region.isPresent()) {
            return Cause.found(
                    title,
                    "0x%x to 0x%x is reserved (%s): it must be mapped one to one, or not be used."
                            .formatted(
                                    region.get().start(), region.get().last(), region.get().kind()),
                    "%s, within a region reserved as %s.".formatted(did, region.get().kind()),
                    new Subject.Group(group.orElseThrow().id()));
        }
        return Cause.ruledOut(
                title,
                group.map(g -> "No reserved region of group %d covers it.".formatted(g.id()))
                        .orElse("The function has no group."));
    }

    private static boolean holds(Group.ReservedRegion region, long iova) {
        return new AddressRange(region.start(), region.last()).contains(iova);
    }

    private Cause alias() {
        var title = "Another name on the way";
        if (fault.requester().equals(fault.device().requesterId())) {
            return Cause.ruledOut(title, "The IOMMU saw the request under the device's own name.");
        }
        var bridge =
                machine.topology()
                        .find(fault.device())
                        .flatMap(machine.topology()::parentOf)
                        .map(p -> " of bridge " + FaultKind.name(p.address()))
                        .orElse("");
        return Cause.possible(
                title,
                "The IOMMU saw it as %s, the name%s: all devices there share one translation."
                        .formatted(fault.requester(), bridge),
                new Subject.Function(fault.device()));
    }
}
