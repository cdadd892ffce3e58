package iommulab.engine.session;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Stage;
import iommulab.engine.os.Domain;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Makes the same machine with an IOMMU of another architecture: the same functions and drivers, the same
/// domains with the same mappings, the same devices and PASIDs in them, the same traffic. Tables are built
/// anew in the other format; words written to memory by hand, and cache shapes, do not come along.
final class Conversion {
    private static final String RELEASE = "7.0.0";
    private static final Set<String> DESCRIBE_IOMMUS = Set.of("DMAR", "IVRS", "IORT", "VIOT");

    private final Machine from;
    private final Machine to;
    private final Architecture architecture;
    private final List<Command> commands = new ArrayList<>();
    private final Map<Integer, Integer> numbers = new HashMap<>();

    private Conversion(Machine from, Machine to, Architecture architecture) {
        this.from = from;
        this.to = to;
        this.architecture = architecture;
    }

    /// @throws CommandRefused if the other architecture cannot do what this machine does; the message says
    ///     what
    static Session.Saved of(Machine from, Architecture architecture) throws CommandRefused {
        var description = describe(from, architecture);
        var conversion = new Conversion(from, Machine.powerOn(description), architecture);
        conversion.domains();
        conversion.users();
        conversion.rest();
        return new Session.Saved(
                description, conversion.commands, List.of(), conversion.to.stateHash());
    }

    /// The converted machine itself, switched on and with everything done; its caches are empty.
    static Machine machine(Machine from, Architecture architecture) throws CommandRefused {
        var conversion =
                new Conversion(from, Machine.powerOn(describe(from, architecture)), architecture);
        conversion.domains();
        conversion.users();
        return conversion.to;
    }

    private static MachineDescription describe(Machine from, Architecture architecture) {
        var old = from.description();
        var firmware = new LinkedHashMap<String, byte[]>();
        for (var signature : old.firmware().signatures()) {
            if (!DESCRIBE_IOMMUS.contains(signature)) {
                old.firmware().find(signature).ifPresent(t -> firmware.put(signature, t));
            }
        }
        return new MachineDescription(
                "%s, %s".formatted(old.name(), architecture.words()),
                "converted to " + architecture.words(),
                old.about(),
                RELEASE,
                withoutIommuWords(old.commandLine()),
                from.wiring().topology(),
                new AcpiTables(firmware),
                List.of(architecture.unit()),
                old.memory(),
                old.externalFacing(),
                Map.of(),
                remarks(from, architecture));
    }

    private static boolean hasInterruptWindow(Architecture architecture) {
        return switch (architecture) {
            case VTD_LEGACY, VTD_SCALABLE, AMD_VI -> true;
            case SMMUV3, RISCV, SELFTEST -> false;
        };
    }

    private static List<String> remarks(Machine from, Architecture architecture) {
        return from.traffic.sources().stream()
                .filter(source -> !comesAlong(source, architecture))
                .map(source ->
                        "Interrupts of %s were left out: on %s they are writes to memory."
                                .formatted(source.device(), architecture.words()))
                .toList();
    }

    /// The window 0xfeexxxxx is the PC's.
    private static boolean comesAlong(TrafficSource source, Architecture architecture) {
        return hasInterruptWindow(architecture) || !(source.pattern() instanceof Pattern.Msi);
    }

    private static String withoutIommuWords(String commandLine) {
        return Arrays.stream(commandLine.split("\\s+"))
                .filter(word -> !word.startsWith("intel_iommu=") && !word.startsWith("amd_iommu="))
                .collect(Collectors.joining(" "));
    }

    private Outcome run(Command command) throws CommandRefused {
        var outcome = to.apply(command);
        commands.add(command);
        return outcome;
    }

    // ---- domains, those that others are nested in first

    private void domains() throws CommandRefused {
        for (var domain : from.domains.all()) {
            if (domain.identity().byUser() && domain.identity().parent() == 0) {
                create(domain);
            }
        }
        for (var domain : from.domains.all()) {
            if (domain.identity().parent() != 0) {
                create(domain);
            }
        }
    }

    private void create(Domain domain) throws CommandRefused {
        var identity = domain.identity();
        var like = functionFor(domain);
        boolean plain = identity.parent() == 0 && isUsualStage(domain);
        var made =
                run(
                        plain
                                ? new Command.CreateDomain(like, identity.type(), 0)
                                : new Command.CreateFirstStage(
                                        like, numbers.getOrDefault(identity.parent(), 0), 0));
        if (made instanceof Outcome.DomainCreated(int number)) {
            numbers.put(identity.id(), number);
        }
        if (identity.type() == DomainType.UNMANAGED) {
            for (var mapping : domain.mappings()) {
                run(
                        new Command.MapPages(
                                number(identity.id()),
                                mapping.iova(),
                                mapping.hpa(),
                                mapping.bytes(),
                                mapping.permissions()));
            }
        }
    }

    /// Whether it only has to translate. Not the first stage of a PASID, and none that an architecture has
    /// which takes a second one for that.
    private boolean isUsualStage(Domain domain) {
        return domain.identity().stage() == Stage.SECOND
                || from.units.get(domain.identity().unit()).driver().usualStage() == Stage.FIRST
                        && from.domains.pasids.in(domain.id()).isEmpty();
    }

    private int number(int domain) {
        Integer number = numbers.get(domain);
        if (number == null) {
            throw new IllegalStateException("domain %d was not converted".formatted(domain));
        }
        return number;
    }

    /// A function that the IOMMU serves: one that uses the domain, if there is one.
    private PciAddress functionFor(Domain domain) throws CommandRefused {
        for (var group : from.wiring().grouping().groups()) {
            boolean uses = from.domains.groups.in(domain.id()).contains(group.id());
            if (uses && to.wiring().unitOf().containsKey(group.members().getFirst())) {
                return group.members().getFirst();
            }
        }
        return to.wiring().unitOf().keySet().stream()
                .min(PciAddress::compareTo)
                .orElseThrow(() ->
                        new CommandRefused("ENODEV", "No function of this machine has an IOMMU."));
    }

    // ---- who uses them

    private void users() throws CommandRefused {
        for (var group : from.wiring().grouping().groups()) {
            var domain = from.domains.groups.domainOf(group.id());
            if (domain.isPresent() && domain.get().identity().byUser()) {
                for (var member : group.members()) {
                    attach(member, number(domain.get().id()));
                }
            }
        }
        for (var domain : from.domains.all()) {
            for (var use : from.domains.pasids.in(domain.id())) {
                run(new Command.AttachPasid(use.function(), use.pasid(), number(domain.id())));
            }
        }
    }

    /// Groups may be others on the other architecture: each is attached once.
    private void attach(PciAddress function, int domain) throws CommandRefused {
        var group = to.wiring().grouping().groupOf(function);
        boolean done =
                group.flatMap(g -> to.domains.groups.domainOf(g.id()))
                        .filter(current -> current.id() == domain)
                        .isPresent();
        if (!done) {
            run(new Command.AttachDevice(function, domain));
        }
    }

    private void rest() throws CommandRefused {
        for (var price : from.costs.prices().entrySet()) {
            if (price.getValue() != price.getKey().defaultCycles()) {
                run(new Command.SetCost(price.getKey(), price.getValue()));
            }
        }
        for (var source : from.traffic.sources()) {
            if (comesAlong(source, architecture)) {
                run(new Command.SetSource(source));
            }
        }
    }
}
