package iommulab.app.pasids;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.session.MachineSnapshot.Domain;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Predicate;

/// What the picture of the PASIDs perspective shows. Pure: same machine, same walks, same model.
///
/// @param entries by device, then PASID
/// @param spaces domains that they lead to, in the order in which entries meet them
/// @param devices functions that can use PASIDs
/// @param chosen which entry the side column is about
/// @param headline one sentence about all of them
/// @param hint why the selected function has no PASIDs; empty if it has
record PasidsModel(
        List<Entry> entries,
        List<Space> spaces,
        List<Device> devices,
        Optional<AddressSpace> chosen,
        String headline,
        String hint) {

    /// One name of a device: a PASID, or none.
    ///
    /// @param number `0x2a`, or `–` for requests without a PASID
    /// @param place where its entry lies, `dir 1, slot 7`
    /// @param address of the entry, in hex
    /// @param domain number of the domain it means, 0 if nobody attached it
    /// @param last how the last request with it ended, if that is remembered
    /// @param trouble what the last request without an entry ran into; empty if there is an entry
    record Entry(
            AddressSpace space,
            String number,
            String place,
            String address,
            int domain,
            Optional<DmaOutcome> last,
            String trouble,
            boolean selected) {
        private Entry choosing(AddressSpace chosen) {
            return new Entry(
                    space, number, place, address, domain, last, trouble, space.equals(chosen));
        }
    }

    /// What an address means.
    ///
    /// @param kind of translation, such as `nested`
    /// @param parent number of the domain through which it goes, 0 for none
    /// @param byUser whether somebody made it; only those have a fill
    record Space(
            int id,
            String name,
            String kind,
            String detail,
            int parent,
            boolean byUser,
            boolean selected) {}

    /// A function that can put a PASID into its requests.
    ///
    /// @param ability width of its PASIDs, and whether they are switched on
    /// @param intent what else its requests may say
    record Device(
            PciAddress address,
            String name,
            String what,
            OptionalInt group,
            String ability,
            String intent,
            String pasids,
            boolean selected) {}

    /// @param walks what a walk without caches found, for those entries that were asked about
    static PasidsModel of(MachineSnapshot machine, Subject subject, Map<AddressSpace, Walk> walks) {
        var devices = new ArrayList<Device>();
        var spaces = new ArrayList<AddressSpace>();
        for (var function : machine.topology().functions()) {
            var capability = Pasid.of(function.config());
            if (capability.isPresent()) {
                var names = spacesOf(machine, function.address());
                spaces.addAll(names);
                devices.add(device(machine, function, capability.get(), names, subject));
            }
        }
        var chosen = chosen(machine, subject, spaces);
        var entries = spaces.stream().map(s -> entry(machine, s, chosen, walks.get(s))).toList();
        return new PasidsModel(
                entries,
                domains(machine, entries, subject),
                devices,
                chosen,
                headline(devices, entries),
                hint(machine, subject));
    }

    /// The same picture with another entry chosen.
    PasidsModel choosing(AddressSpace space) {
        return new PasidsModel(
                entries.stream().map(e -> e.choosing(space)).toList(),
                spaces,
                devices,
                Optional.of(space),
                headline,
                hint);
    }

    /// The names under which a function can be answered: none, those attached, those it tried in vain.
    static List<AddressSpace> spacesOf(MachineSnapshot machine, PciAddress function) {
        var pasids = new TreeSet<Integer>();
        pasids.add(Iommu.NO_PASID);
        for (var domain : machine.domains()) {
            domain.pasids().stream()
                    .filter(use -> use.function().equals(function))
                    .forEach(use -> pasids.add(use.pasid()));
        }
        machine.faults().stream()
                .filter(f -> f.device().equals(function))
                .forEach(f -> pasids.add(f.prefix().pasid()));
        return pasids.stream().map(pasid -> new AddressSpace(function, pasid)).toList();
    }

    private static Optional<AddressSpace> chosen(
            MachineSnapshot machine, Subject subject, List<AddressSpace> spaces) {
        return switch (subject) {
            case Subject.Pasid(var function, int pasid) ->
                    first(spaces, s -> s.equals(new AddressSpace(function, pasid)));
            case Subject.Function(var function) ->
                    first(spaces, s -> s.function().equals(function) && !s.isOwn())
                            .or(() -> first(spaces, s -> s.function().equals(function)));
            case Subject.Domain(int id) -> leadingTo(machine, spaces, id);
            case Subject.Mapping(int id, _) -> leadingTo(machine, spaces, id);
            case Subject.Fault(long sequence) ->
                    machine.faults().stream()
                            .filter(f -> f.sequence() == sequence)
                            .findFirst()
                            .map(f -> new AddressSpace(f.device(), f.prefix().pasid()))
                            .filter(spaces::contains);
            case Subject.DmaEvent(long tick) ->
                    machine.events().stream()
                            .filter(e -> e.tick() == tick)
                            .findFirst()
                            .map(e -> new AddressSpace(e.device(), e.prefix().pasid()))
                            .filter(spaces::contains);
            case Subject.WalkStep(var walk, _) ->
                    Optional.of(new AddressSpace(walk.device(), walk.prefix().pasid()))
                            .filter(spaces::contains);
            case Subject.Nothing _,
                    Subject.Group _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.Memory _,
                    Subject.Software _ ->
                    Optional.empty();
        };
    }

    private static Optional<AddressSpace> leadingTo(
            MachineSnapshot machine, List<AddressSpace> spaces, int domain) {
        return first(spaces, s -> s.domain(machine).filter(d -> d.id() == domain).isPresent());
    }

    private static Optional<AddressSpace> first(
            List<AddressSpace> spaces, Predicate<AddressSpace> which) {
        return spaces.stream().filter(which).findFirst();
    }

    private static Device device(
            MachineSnapshot machine,
            PciFunction function,
            Pasid capability,
            List<AddressSpace> names,
            Subject subject) {
        var group = machine.grouping().groupOf(function.address());
        var attached =
                names.stream()
                        .filter(s -> !s.isOwn() && s.domain(machine).isPresent())
                        .map(s -> Integer.toHexString(s.pasid()))
                        .toList();
        return new Device(
                function.address(),
                FunctionNames.address(function.address()),
                FunctionNames.role(function),
                group.map(g -> OptionalInt.of(g.id())).orElse(OptionalInt.empty()),
                "PASIDs of %d bits, %s"
                        .formatted(capability.width(), capability.isEnabled() ? "on" : "off"),
                intent(capability),
                attached.isEmpty() ? "no PASID attached" : "PASIDs " + String.join(" ", attached),
                subject.equals(new Subject.Function(function.address())));
    }

    private static String intent(Pasid capability) {
        if (!capability.isEnabled()) {
            return "attach one to switch on";
        }
        return capability.mayExecute()
                ? capability.mayBePrivileged() ? "may execute, be privileged" : "may execute"
                : capability.mayBePrivileged() ? "may be privileged" : "reads and writes only";
    }

    private static Entry entry(
            MachineSnapshot machine,
            AddressSpace space,
            Optional<AddressSpace> chosen,
            @Nullable Walk walk) {
        var domain = space.domain(machine);
        return new Entry(
                space,
                space.isOwn() ? "–" : Words.hex(space.pasid()),
                walk == null ? "" : EntryModel.place(walk),
                walk == null ? "" : EntryModel.address(walk),
                domain.map(Domain::id).orElse(0),
                machine.events().stream()
                        .filter(e -> e.device().equals(space.function()))
                        .filter(e -> e.prefix().pasid() == space.pasid())
                        .findFirst()
                        .map(MachineSnapshot.DmaEvent::outcome),
                domain.isPresent() ? "" : trouble(machine, space),
                chosen.filter(space::equals).isPresent());
    }

    private static String trouble(MachineSnapshot machine, AddressSpace space) {
        var faults =
                machine.faults().stream()
                        .filter(f -> f.device().equals(space.function()))
                        .filter(f -> f.prefix().pasid() == space.pasid())
                        .toList();
        return faults.isEmpty()
                ? "no request yet"
                : "%s, last %02xh"
                        .formatted(
                                Words.count(faults.size(), "fault"),
                                faults.getFirst().reason().code());
    }

    private static List<Space> domains(
            MachineSnapshot machine, List<Entry> entries, Subject subject) {
        return entries.stream()
                .mapToInt(Entry::domain)
                .filter(id -> id != 0)
                .distinct()
                .boxed()
                .flatMap(id -> machine.domains().stream().filter(d -> d.id() == id))
                .map(d ->
                        new Space(
                                d.id(),
                                name(d),
                                kind(d),
                                detail(d),
                                d.parent(),
                                d.byUser(),
                                subject.equals(new Subject.Domain(d.id()))))
                .toList();
    }

    /// What is nested says elsewhere in what.
    static String name(Domain domain) {
        return domain.parent() == 0 ? domain.name() : "guest tables";
    }

    static String kind(Domain domain) {
        return domain.levels() == 0
                ? domain.type().sysfs()
                : domain.parent() == 0 ? domain.stage().words() : "nested";
    }

    private static String detail(Domain domain) {
        return switch (domain.type()) {
            case BLOCKED -> "nothing passes";
            case IDENTITY -> "every address is its own hpa";
            case DMA, DMA_FQ, UNMANAGED ->
                    domain.parent() == 0
                            ? "table %x, %s".formatted(domain.table(), mapped(domain))
                            : "at gpa %x, %s".formatted(domain.table(), mapped(domain));
        };
    }

    private static String mapped(Domain domain) {
        return domain.mappings().isEmpty()
                ? "nothing mapped"
                : Words.bytes(domain.mappedBytes()) + " mapped";
    }

    private static String headline(List<Device> devices, List<Entry> entries) {
        if (devices.isEmpty()) {
            return "";
        }
        long attached = entries.stream().filter(e -> e.domain() != 0 && !e.space().isOwn()).count();
        long vain = entries.stream().filter(e -> e.domain() == 0).count();
        return "%s, %s attached%s"
                .formatted(
                        Words.count(devices.size(), "device"),
                        Words.count(attached, "PASID"),
                        vain == 0 ? "" : ", %d without an entry".formatted(vain));
    }

    private static String hint(MachineSnapshot machine, Subject subject) {
        return subject instanceof Subject.Function(var address)
                ? machine.topology()
                        .find(address)
                        .filter(f -> Pasid.of(f.config()).isEmpty())
                        .map(PasidsModel::whyNot)
                        .orElse("")
                : "";
    }

    /// Why a function cannot name an address space.
    static String whyNot(PciFunction function) {
        var name = FunctionNames.address(function.address());
        return function.config().size() <= 256
                ? "%s has no extended configuration space, where the PASID capability (001bh) would stand: all its requests mean the address space of its domain."
                        .formatted(name)
                : "%s has no PASID capability (extended capability 001bh): all its requests mean the address space of its domain."
                        .formatted(name);
    }
}
