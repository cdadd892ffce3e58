package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.pci.PciFunction;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Going anywhere in the journal gives the machine that was there the first time, and a refused command
/// leaves no trace.
class JournalPropertyTest {
    private static final int COMMANDS = 200;

    @Property(tries = 12)
    void goingToAnyPositionGivesTheHashSeenTheFirstTime(
            @ForAll("machines") String name, @ForAll long seed) throws CommandRefused {
        var random = new Random(seed);
        var machine = Machine.powerOn(TestMachine.captured(name));
        var journal = new Journal(machine);
        var hashes = new ArrayList<Long>(List.of(machine.stateHash()));
        for (int i = 0; i < COMMANDS; i++) {
            run(machine, journal, random, hashes);
        }
        for (int i = 0; i < 25; i++) {
            int position = random.nextInt(hashes.size());
            journal.goTo(position);
            assertThat(machine.stateHash())
                    .as("state hash at position %d of %d", position, journal.size())
                    .isEqualTo(hashes.get(position));
        }
    }

    private static void run(Machine machine, Journal journal, Random random, List<Long> hashes) {
        var command =
                TestMachine.randomCommand(
                        random,
                        machine.description().topology().functions().stream()
                                .map(PciFunction::address)
                                .toList(),
                        machine.snapshot(false, journal.view()));
        long before = hashes.getLast();
        try {
            journal.run(command);
            hashes.add(machine.stateHash());
        } catch (CommandRefused refused) {
            assertThat(machine.stateHash())
                    .as("state hash after the refusal of %s: %s", command, refused.reason())
                    .isEqualTo(before);
            assertThat(refused.reason()).as("the reason of %s", command).isNotBlank();
        }
    }

    @Property(tries = 5)
    void theSameCommandsOnANewMachineGiveTheSameMachine(
            @ForAll("machines") String name, @ForAll long seed) throws CommandRefused {
        var random = new Random(seed);
        var first = Machine.powerOn(TestMachine.captured(name));
        var journal = new Journal(first);
        for (int i = 0; i < 60; i++) {
            run(first, journal, random, new ArrayList<>(List.of(first.stateHash())));
        }
        var second = Machine.powerOn(TestMachine.captured(name));
        for (var command : journal.inForce()) {
            second.apply(command);
        }
        assertThat(second.stateHash()).isEqualTo(first.stateHash());
    }

    @Provide
    Arbitrary<String> machines() {
        return Arbitraries.of(TestMachine.names());
    }
}
