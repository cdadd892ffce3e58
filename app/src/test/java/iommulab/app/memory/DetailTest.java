package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Structure;
import iommulab.engine.session.Command;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.FrameView.Entry;
import iommulab.engine.session.FrameView.Part;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// What is told of an entry, and what is written into it.
class DetailTest {
    private static final long FRAME = 0x5000;
    private static final long POINTER = 0x9018;
    private static final Structure TABLE_ENTRY =
            new Structure.Builder("Table entry", 1)
                    .reserved(0, 63, 52)
                    .address(0, 51, 12, "ADDR", "next table")
                    .ignored(0, 11, 1)
                    .bit(0, 0, "P", "not present", "present")
                    .build();

    /// A table with one entry, at index 2.
    private static FrameView frame(long memory, long raw) {
        var words = new ArrayList<>(Collections.nCopies(512, 0L));
        words.set(2, memory);
        var entry =
                new Entry(
                        FRAME + 16,
                        2,
                        "Table entry",
                        List.of(raw),
                        TABLE_ENTRY.decode(new long[] {raw}, new long[1]),
                        List.of(raw & -4096));
        var part = new Part("dmar0", "level 2 table", POINTER, "level 3 table", List.of(entry));
        return new FrameView(FRAME, true, "System RAM", words, List.of(part), List.of());
    }

    private static Detail detail(FrameView frame, int word) {
        var machine = new LabMachine().snapshot();
        var hex = HexModel.of(frame, machine.units());
        return Detail.of(frame, hex, List.of(), machine, FRAME + 8L * word);
    }

    private static Command written(Detail detail, String field, long value) {
        var wanted =
                detail.fields().stream()
                        .filter(f -> f.name().equals(field))
                        .findFirst()
                        .orElseThrow();
        return MemoryActions.write(detail, wanted, value).orElseThrow();
    }

    @Test
    void anEntryTellsWhereItLeadsAndWhoPointsToItsTable() {
        var detail = detail(frame(0x7001, 0x7001), 2);
        assertThat(detail.title()).isEqualTo("Table entry 2");
        assertThat(detail.ways())
                .extracting(Detail.Way::to)
                .flatMap(to -> to.stream().toList())
                .containsExactly(new Subject.Memory(0x7000), new Subject.Memory(POINTER));
    }

    @Test
    void anEntryOfZerosIsToldFieldByFieldAndDrawnAsNothing() {
        var frame = frame(0, 0);
        var detail = detail(frame, 2);
        assertThat(detail.title()).isEqualTo("Table entry 2");
        assertThat(detail.fields()).isNotEmpty();
        assertThat(written(detail, "P", 1)).isEqualTo(new Command.WriteMemory(FRAME + 16, 1));
        var hex = HexModel.of(frame, new LabMachine().snapshot().units());
        assertThat(hex.at(FRAME + 16).tint()).isEqualTo(HexModel.Tint.ZERO);
        assertThat(hex.firstEntryFrom(FRAME)).as("the first entry").isEqualTo(FRAME);
    }

    @Test
    void aFieldIsWrittenAndAllOtherBitsStay() {
        var detail = detail(frame(0x7001, 0x7001), 2);
        assertThat(written(detail, "ADDR", 8))
                .isEqualTo(new Command.WriteMemory(FRAME + 16, 0x8001));
        assertThat(written(detail, "P", 0)).isEqualTo(new Command.WriteMemory(FRAME + 16, 0x7000));
    }

    @Test
    void anEntryInTheOtherByteOrderIsWrittenAsItLies() {
        var detail = detail(frame(Long.reverseBytes(0x7001), 0x7001), 2);
        assertThat(written(detail, "ADDR", 8))
                .isEqualTo(new Command.WriteMemory(FRAME + 16, Long.reverseBytes(0x8001)));
    }

    @Test
    void aValueThatIsTooWideIsNotWritten() {
        var detail = detail(frame(0x7001, 0x7001), 2);
        var present = detail.fields().getLast();
        assertThat(MemoryActions.write(detail, present, 2)).isEmpty();
    }

    @Test
    void aWordThatIsNoEntryIsWrittenAsAWhole() {
        var detail = detail(frame(0x7001, 0x7001), 7);
        assertThat(detail.fields()).isEmpty();
        assertThat(MemoryActions.write(detail, 0, 5))
                .contains(new Command.WriteMemory(FRAME + 56, 5));
    }

    @Test
    void pointingAtADigitTellsItsField() {
        var model = HexModel.of(frame(0x7001, 0x7001), List.of());
        var pointed = Pointed.of(model, 2, java.util.OptionalInt.of(12));
        assertThat(pointed.words())
                .isEqualTo("Table entry 2, bits 51:12, ADDR: next table at 0x7000");
        assertThat(Arrays.asList(pointed.entry())).containsExactly(FRAME + 16);
    }
}
