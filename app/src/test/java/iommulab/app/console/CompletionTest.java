package iommulab.app.console;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.MachineSnapshot;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.api.Test;

/// What Tab offers.
class CompletionTest {
    @Test
    void namesOfCallsAreCompletedByTheirBeginningOrTheirVerb() {
        try (var lab = new ConsoleLab()) {
            assertThat(lab.completes("iommufd.op")).isEqualTo("iommufd.op");
            assertThat(lab.offers("iommufd.op"))
                    .containsExactly("iommufd.open(", "iommufd.option(");
            assertThat(lab.completes("fd = iommufd.ope")).isEqualTo("fd = iommufd.open(");
            assertThat(lab.offers("guest_w")).containsExactly("kvm.guest_wbinvd(");
            assertThat(lab.completes("help iommufd.ioas_map_"))
                    .isEqualTo("help iommufd.ioas_map_file");
        }
    }

    @Test
    void argumentsThatAreNotGivenAreOfferedTheNeededOnesFirst() {
        try (var lab = new ConsoleLab()) {
            assertThat(lab.offers("iommufd.option(iommufd=x, "))
                    .containsExactly("option=", "op=", "object_id=", "val=");
            assertThat(lab.offers("iommufd.option(iommufd=x, op"))
                    .containsExactly("option=", "op=");
            assertThat(lab.offers("iommufd.destroy(iommufd=x, id=1, ")).containsExactly(")");
        }
    }

    @Test
    void wordsOfAListAreOffered() {
        try (var lab = new ConsoleLab()) {
            assertThat(lab.offers("iommufd.option(op=")).containsExactly("get", "set");
            assertThat(lab.completes("iommufd.hwpt_alloc(flags=[dirty, nest"))
                    .endsWith("[dirty, nest_parent");
            assertThat(lab.offers("domain.unmap(flush=")).containsExactly("true", "false");
        }
    }

    @Test
    void whatLivesOnTheMachineIsOffered() {
        try (var lab = new ConsoleLab()) {
            lab.says("fd = iommufd.open()", "iommufd.ioas_alloc(iommufd=$fd)", "iommufd.open()");
            assertThat(lab.offers("iommufd.ioas_alloc(iommufd=iommufd"))
                    .containsExactly("iommufd1", "iommufd2");
            assertThat(lab.offers("iommufd.ioas_map(iommufd=$fd, ioas_id=")).containsExactly("1");
            assertThat(lab.offers("iommufd.ioas_map(iommufd=iommufd2, ioas_id=")).isEmpty();
            assertThat(lab.offers("iommufd.ioas_map(user_va=")).contains("buf");
            assertThat(lab.offers("iommufd.ioas_alloc(iommufd=$")).containsExactly("$fd");
            assertThat(lab.offers("vfio.cdev_open(device=0000:06:00"))
                    .containsExactly("0000:06:00.0");
            assertThat(lab.offers("iommu.clear_faults(unit=")).containsExactly("dmar0");
            assertThat(lab.offers("sva.fork(process=")).containsExactly("p0");
            lab.says("sva.bind(device=0000:06:00.0, process=p0)");
            assertThat(
                            lab.says(
                                    "!driver.unbind(device=0000:03:00.0)",
                                    "driver.bind(device=0000:03:00.0, driver=vfio-pci)",
                                    "mdev.create(parent=0000:03:00.0, name=made)"))
                    .endsWith("group=14");
            assertThat(lab.offers("sva.unbind(handle=")).containsExactly("sva1");
            assertThat(lab.offers("mdev.remove(device=m")).containsExactly("made");
        }
    }

    @Property(tries = 300)
    void anyBeginningOfALineHasACompletionOrNone(@ForAll("lines") String typed) {
        var scan = CallScan.of(typed);
        assertThat(scan.name().start()).isBetween(0, typed.length());
        for (var part : scan.parts()) {
            assertThat(part.name().end()).isLessThanOrEqualTo(typed.length());
        }
        var completion = Completion.of(typed, MachineSnapshot.POWER_OFF, new Variables());
        assertThat(completion.from()).isBetween(0, typed.length());
        assertThat(completion.common(typed)).startsWith(typed.substring(completion.from()));
    }

    @Provide
    Arbitrary<String> lines() {
        var pieces =
                Arbitraries.of(
                        "iommufd.ioas_map",
                        "domain.map",
                        "(",
                        ")",
                        ",",
                        " ",
                        "=",
                        "[",
                        "]",
                        "{",
                        "}",
                        "\"",
                        "\\",
                        "$",
                        "!",
                        "flags",
                        "domain",
                        "x",
                        "help ",
                        "0x1");
        return Arbitraries.oneOf(
                Arbitraries.strings(),
                pieces.list().ofMaxSize(12).map(list -> String.join("", list)));
    }
}
