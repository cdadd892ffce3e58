package iommulab.engine.io.machine;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Access;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.Region;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.AnyCommand;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineDescription;
import iommulab.engine.session.MachineSnapshot;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/// Machines of any shape that their records accept, and files of them.
final class AnyMachine {
    private AnyMachine() {}

    static Arbitrary<MachineFile> anyFile() {
        return Combinators.combine(
                        Arbitraries.longs(),
                        AnyCommand.anyCommand().list().ofMaxSize(6),
                        AnyCommand.anyCommand().list().ofMaxSize(3))
                .as(AnyMachine::file)
                .withoutEdgeCases();
    }

    private static MachineFile file(long seed, List<Command> journal, List<Command> undone) {
        var random = new Random(seed);
        return new MachineFile(
                machine(random),
                journal,
                undone,
                OptionalLong.of(random.nextLong()),
                expectations(random),
                Map.of("perspective", text(random), "zoom", "1.25"),
                UnknownMembers.NONE);
    }

    private static List<Expectation> expectations(Random random) {
        var one = PciAddress.of(0, random.nextInt(256), random.nextInt(256));
        var other = PciAddress.of(1, 0, 0);
        var outcomes = MachineSnapshot.DmaOutcome.values();
        var architectures = Architecture.values();
        var dma =
                new Expectation.Dma(
                        one,
                        random.nextLong(),
                        64,
                        Access.WRITE,
                        outcomes[random.nextInt(outcomes.length)],
                        random.nextLong());
        return List.of(
                new Expectation.Together(one, other),
                new Expectation.Apart(other, one),
                dma,
                new Expectation.On(architectures[random.nextInt(architectures.length)], dma));
    }

    static MachineDescription machine(Random random) {
        var topology = topology(random);
        var addresses = topology.functions().stream().map(PciFunction::address).toList();
        return new MachineDescription(
                text(random),
                text(random),
                text(random),
                "6.12.0",
                text(random),
                topology,
                new AcpiTables(Map.of("DMAR", bytes(random, 60), "MCFG", bytes(random, 20))),
                List.of(
                        new IommuUnit(
                                "dmar0",
                                OptionalLong.of(random.nextLong()),
                                Optional.empty(),
                                OptionalLong.of(random.nextLong()),
                                OptionalLong.empty())),
                memory(random),
                addresses.isEmpty() ? Set.of() : Set.of(addresses.getFirst()),
                numbers(random, addresses),
                List.of(text(random), ""));
    }

    private static PciTopology topology(Random random) {
        var taken = new TreeSet<PciAddress>();
        var functions = new ArrayList<PciFunction>();
        int count = random.nextInt(6);
        while (functions.size() < count) {
            var address = PciAddress.of(random.nextInt(3), random.nextInt(4), random.nextInt(256));
            if (taken.add(address)) {
                functions.add(function(random, address, functions));
            }
        }
        return new PciTopology(functions);
    }

    private static PciFunction function(
            Random random, PciAddress address, List<PciFunction> before) {
        Optional<PciAddress> parent =
                before.isEmpty() || random.nextBoolean()
                        ? Optional.empty()
                        : Optional.of(before.get(random.nextInt(before.size())).address());
        long start = random.nextLong();
        return new PciFunction(
                address,
                parent,
                ConfigSpace.of(bytes(random, 1 + random.nextInt(300))),
                new PciFunction.PciIds(
                        random.nextInt(1 << 16),
                        random.nextInt(1 << 16),
                        0,
                        random.nextInt(1 << 16),
                        random.nextInt(1 << 24),
                        random.nextInt(1 << 8)),
                random.nextBoolean() ? Optional.empty() : parent,
                List.of(new PciFunction.Resource(random.nextInt(17), start, start | 0xfff, 0x200)),
                random.nextBoolean() ? Optional.of(text(random)) : Optional.empty(),
                random.nextBoolean() ? OptionalInt.of(random.nextInt(4) - 1) : OptionalInt.empty());
    }

    private static AddressMap memory(Random random) {
        var regions = new ArrayList<Region>();
        for (int i = 0; i < random.nextInt(5); i++) {
            var kinds = Region.RegionKind.values();
            regions.add(
                    new Region(
                            AddressRange.of((long) i << 60, 1 + random.nextInt(1 << 30)),
                            kinds[random.nextInt(kinds.length)],
                            text(random),
                            Optional.of(PciAddress.of(0, i, 0))));
        }
        return new AddressMap(regions);
    }

    private static Map<PciAddress, Integer> numbers(Random random, List<PciAddress> addresses) {
        var numbers = new HashMap<PciAddress, Integer>();
        addresses.forEach(address -> numbers.put(address, random.nextInt(100)));
        return numbers;
    }

    private static byte[] bytes(Random random, int count) {
        var bytes = new byte[count];
        for (int i = 0; i < count - random.nextInt(count); i++) {
            bytes[i] = (byte) random.nextInt();
        }
        return bytes;
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        for (int i = 0; i < random.nextInt(10); i++) {
            text.append("aZ 9\"\\/<\n\t\u0001é漢\u2028'".charAt(random.nextInt(15)));
        }
        return text.toString();
    }
}
