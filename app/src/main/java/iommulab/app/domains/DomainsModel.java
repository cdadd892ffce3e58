package iommulab.app.domains;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Subject;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// What the flow of the Domains perspective shows. Pure: same snapshot, same model.
///
/// @param blocks what belongs together: one domain with its groups and devices; domains that somebody
///     made come first
/// @param headline one sentence about all of them
record DomainsModel(List<Block> blocks, String headline) {

    /// Who drives the functions of a group, and thereby owns its DMA.
    enum Owner {
        NOBODY(""),
        KERNEL("K"),
        USER("U");

        private final String letter;

        Owner(String letter) {
            this.letter = letter;
        }

        String letter() {
            return letter;
        }

        private static Owner of(Optional<String> driver) {
            if (driver.isEmpty()
                    || driver.get().equals("pcieport")
                    || driver.get().equals("pci-stub")) {
                return NOBODY;
            }
            return driver.get().contains("vfio") ? USER : KERNEL;
        }
    }

    /// @param card empty for what no domain translates
    /// @param pasids address spaces of functions that the domain is
    record Block(
            Optional<Card> card,
            List<GroupRow> groups,
            List<DeviceRow> devices,
            List<PasidRow> pasids) {}

    /// A domain.
    ///
    /// @param kind type, levels and tag, in words
    /// @param content what its tables hold
    /// @param byUser whether somebody made it; only those have a fill
    /// @param warning a forgotten invalidation, or empty
    record Card(
            int id,
            String name,
            String kind,
            String content,
            boolean byUser,
            String warning,
            boolean selected) {}

    record GroupRow(int id, String type, String members, Owner owner, boolean selected) {}

    record DeviceRow(
            PciAddress address, String name, String driver, Owner owner, boolean selected) {}

    record PasidRow(AddressSpace space, String name, String pasid, boolean selected) {}

    static DomainsModel of(MachineSnapshot machine, Subject subject) {
        var blocks = new ArrayList<Block>();
        var left = new HashSet<Integer>();
        machine.grouping().groups().forEach(g -> left.add(g.id()));
        var order = Comparator.comparing((Domain d) -> !d.byUser()).thenComparingInt(Domain::id);
        for (var domain : machine.domains().stream().sorted(order).toList()) {
            var groups =
                    machine.grouping().groups().stream()
                            .filter(g -> g.members().stream().anyMatch(domain.attached()::contains))
                            .toList();
            groups.forEach(g -> left.remove(g.id()));
            blocks.add(
                    new Block(
                            Optional.of(card(domain, subject)),
                            groups.stream().map(g -> row(g, machine, subject)).toList(),
                            domain.attached().stream().map(a -> row(a, machine, subject)).toList(),
                            domain.pasids().stream().map(u -> row(u, subject)).toList()));
        }
        var untranslated =
                machine.grouping().groups().stream().filter(g -> left.contains(g.id())).toList();
        if (!untranslated.isEmpty()) {
            blocks.add(
                    new Block(
                            Optional.empty(),
                            untranslated.stream().map(g -> row(g, machine, subject)).toList(),
                            untranslated.stream()
                                    .flatMap(g -> g.members().stream())
                                    .map(a -> row(a, machine, subject))
                                    .toList(),
                            List.of()));
        }
        return new DomainsModel(List.copyOf(blocks), headline(machine));
    }

    private static String headline(MachineSnapshot machine) {
        long made = machine.domains().stream().filter(Domain::byUser).count();
        long defaults = machine.domains().size() - made;
        return "%s by hand, %s of the kernel"
                .formatted(counted(made, "domain"), counted(defaults, "default domain"));
    }

    static String counted(long number, String what) {
        return number == 1 ? "1 " + what : number + " " + what + "s";
    }

    private static Card card(Domain domain, Subject subject) {
        boolean selected =
                switch (subject) {
                    case Subject.Domain(int id) -> id == domain.id();
                    case Subject.Mapping(int id, _) -> id == domain.id();
                    case Subject.Nothing _,
                            Subject.Function _,
                            Subject.Group _,
                            Subject.Pasid _,
                            Subject.Unit _,
                            Subject.CacheLine _,
                            Subject.Fault _,
                            Subject.DmaEvent _,
                            Subject.WalkStep _,
                            Subject.Memory _,
                            Subject.Software _ ->
                            false;
                };
        return new Card(
                domain.id(),
                domain.name(),
                kind(domain),
                content(domain),
                domain.byUser(),
                domain.unflushed().isEmpty()
                        ? ""
                        : counted(domain.unflushed().size(), "invalidation") + " forgotten",
                selected);
    }

    static String kind(Domain domain) {
        var tagged = "tag %d, %s".formatted(domain.tag(), domain.unit());
        if (domain.levels() == 0) {
            return domain.type().sysfs() + ", " + tagged;
        }
        // What is nested is for a guest; that it is unmanaged goes without saying.
        return domain.parent() == 0
                ? "%s, %s, %d levels, %s"
                        .formatted(
                                domain.type().sysfs(),
                                domain.stage().words(),
                                domain.levels(),
                                tagged)
                : "first stage nested in domain %d, %d levels, %s"
                        .formatted(domain.parent(), domain.levels(), tagged);
    }

    private static String content(Domain domain) {
        return switch (domain.type()) {
            case IDENTITY -> "every iova is its own hpa";
            case BLOCKED -> "nothing passes";
            case DMA, DMA_FQ, UNMANAGED ->
                    domain.mappings().isEmpty()
                            ? "nothing mapped"
                            : "%s in %s, %s"
                                    .formatted(
                                            Sizes.bytes(domain.mappedBytes()),
                                            counted(domain.mappings().size(), "mapping"),
                                            counted(domain.tableFrames(), "table frame"));
        };
    }

    private static GroupRow row(Group group, MachineSnapshot machine, Subject subject) {
        var owners =
                group.members().stream()
                        .flatMap(m -> machine.topology().find(m).stream())
                        .map(f -> Owner.of(f.driver()))
                        .toList();
        var owner =
                owners.contains(Owner.USER)
                        ? Owner.USER
                        : owners.contains(Owner.KERNEL) ? Owner.KERNEL : Owner.NOBODY;
        return new GroupRow(
                group.id(),
                group.type().sysfs(),
                group.members().size() == 1
                        ? shortName(group.members().getFirst())
                        : counted(group.members().size(), "function"),
                owner,
                subject.equals(new Subject.Group(group.id())));
    }

    private static DeviceRow row(PciAddress address, MachineSnapshot machine, Subject subject) {
        var function = machine.topology().find(address);
        var driver = function.flatMap(PciFunction::driver);
        return new DeviceRow(
                address,
                shortName(address),
                driver.orElse("no driver"),
                Owner.of(driver),
                subject.equals(new Subject.Function(address)));
    }

    private static PasidRow row(PasidUse use, Subject subject) {
        return new PasidRow(
                new AddressSpace(use.function(), use.pasid()),
                shortName(use.function()),
                "PASID 0x%x".formatted(use.pasid()),
                subject.equals(new Subject.Pasid(use.function(), use.pasid())));
    }

    private static String shortName(PciAddress address) {
        return address.domain() == 0 ? address.withoutDomain() : address.toString();
    }

    /// Which domain the lower half is about: the selected one, else that of the selected function or
    /// group.
    static Optional<Domain> selectedDomain(MachineSnapshot machine, Subject subject) {
        return switch (subject) {
            case Subject.Domain(int id) -> domain(machine, id);
            case Subject.Mapping(int id, _) -> domain(machine, id);
            case Subject.Function(PciAddress address) -> domainOf(machine, address);
            case Subject.Pasid(PciAddress address, int pasid) ->
                    new AddressSpace(address, pasid).domain(machine);
            case Subject.Group(int id) ->
                    machine.grouping().groups().stream()
                            .filter(g -> g.id() == id)
                            .flatMap(g -> g.members().stream())
                            .flatMap(m -> domainOf(machine, m).stream())
                            .findFirst();
            case Subject.Nothing _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.Fault _,
                    Subject.DmaEvent _,
                    Subject.WalkStep _,
                    Subject.Memory _,
                    Subject.Software _ ->
                    Optional.empty();
        };
    }

    /// The domain that is shown before anything is selected: the first that somebody made.
    static Optional<Domain> firstDomain(MachineSnapshot machine) {
        return machine.domains().stream()
                .min(
                        Comparator.comparing((Domain d) -> !d.byUser())
                                .thenComparing(d -> d.mappings().isEmpty())
                                .thenComparingInt(Domain::id));
    }

    static Optional<Domain> domain(MachineSnapshot machine, int id) {
        return machine.domains().stream().filter(d -> d.id() == id).findFirst();
    }

    static Optional<Domain> domainOf(MachineSnapshot machine, PciAddress address) {
        return machine.domains().stream().filter(d -> d.attached().contains(address)).findFirst();
    }

    /// The function that a command about the selected thing names: itself, or the first of its group.
    static Optional<PciAddress> selectedFunction(MachineSnapshot machine, Subject subject) {
        return switch (subject) {
            case Subject.Function(PciAddress address) -> Optional.of(address);
            case Subject.Group(int id) ->
                    machine.grouping().groups().stream()
                            .filter(g -> g.id() == id)
                            .flatMap(g -> g.members().stream())
                            .findFirst();
            case Subject.Nothing _,
                    Subject.Domain _,
                    Subject.Mapping _,
                    Subject.Pasid _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.Fault _,
                    Subject.DmaEvent _,
                    Subject.WalkStep _,
                    Subject.Memory _,
                    Subject.Software _ ->
                    Optional.empty();
        };
    }

    /// Whether pages can be mapped in a domain.
    static boolean hasTable(Domain domain) {
        return domain.type() != DomainType.IDENTITY && domain.type() != DomainType.BLOCKED;
    }
}
