package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.UnknownMembers;
import iommulab.engine.pci.PciFunction;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;

/// A machine that was saved and loaded is the machine that was saved.
class SavedMachinePropertyTest {
    @Property(tries = 8)
    void anyMachineComesBackFromItsFileWithTheSameHash(
            @ForAll("machines") String name, @ForAll long seed) throws Exception {
        var description = TestMachine.captured(name);
        var machine = Machine.powerOn(description);
        var journal = new Journal(machine);
        runSomething(machine, journal, new Random(seed));

        var text =
                new MachineFile(
                                description,
                                journal.inForce(),
                                OptionalLong.of(machine.stateHash()),
                                List.of(),
                                Map.of(),
                                UnknownMembers.NONE)
                        .toText();
        var file = MachineFile.read(new StringReader(text));

        try (var session = Session.open(file.machine(), file.journal())) {
            assertThat(session.stateHash().get())
                    .as("hash of %s after %d commands", name, journal.size())
                    .isEqualTo(file.stateHash().orElseThrow())
                    .isEqualTo(machine.stateHash());
        }
    }

    @Property(tries = 6)
    void whatWasTakenBackBeforeSavingCanBeRedoneAfterLoading(
            @ForAll("machines") String name, @ForAll long seed) throws Exception {
        var random = new Random(seed);
        var description = TestMachine.captured(name);
        var machine = Machine.powerOn(description);
        var journal = new Journal(machine);
        runSomething(machine, journal, random);
        int position = random.nextInt(journal.size() + 1);
        journal.goTo(position);

        try (var before = Session.open(description, journal.inForce(), journal.undone())) {
            var saved = before.saved().get();
            assertThat(saved.stateHash()).as("saved state").isEqualTo(machine.stateHash());
            var file = reread(saved);
            try (var after = Session.open(file.machine(), file.journal(), file.undone())) {
                assertThat(after.stateHash().get())
                        .as("%s at %d of %d", name, position, journal.size())
                        .isEqualTo(saved.stateHash());
                while (journal.position() < journal.size()) {
                    journal.goTo(journal.position() + 1);
                    after.redo().get();
                    assertThat(after.stateHash().get())
                            .as("%s redone up to %d", name, journal.position())
                            .isEqualTo(machine.stateHash());
                }
                assertThat(after.newest().journal().redoable()).isEmpty();
            }
        }
    }

    private static MachineFile reread(Session.Saved saved) throws Exception {
        var text =
                new MachineFile(
                                saved.description(),
                                saved.journal(),
                                saved.undone(),
                                OptionalLong.of(saved.stateHash()),
                                List.of(),
                                Map.of(),
                                UnknownMembers.NONE)
                        .toText();
        return MachineFile.read(new StringReader(text));
    }

    private static void runSomething(Machine machine, Journal journal, Random random) {
        var functions =
                machine.description().topology().functions().stream()
                        .map(PciFunction::address)
                        .toList();
        for (int i = 0; i < 80; i++) {
            try {
                journal.run(
                        TestMachine.randomCommand(
                                random, functions, machine.snapshot(false, journal.view())));
            } catch (CommandRefused refused) {
                assertThat(refused.reason()).isNotBlank();
            }
        }
    }

    @Provide
    Arbitrary<String> machines() {
        return Arbitraries.of(TestMachine.names());
    }
}
