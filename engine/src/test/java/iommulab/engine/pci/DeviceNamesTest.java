package iommulab.engine.pci;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.pci.PciFunction.PciIds;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;

class DeviceNamesTest {
    private static final String TEXT =
            """
            # a remark
            1b36  Red Hat, Inc.
            \t000c  QEMU PCIe Root port
            # a remark between
            \t000d  QEMU XHCI Host Controller
            \t\t1af4 1100  QEMU Virtual Machine
            8086  Intel Corporation
            \t10fb  82599ES
            C 06  Bridge
            \t04  PCI bridge
            \t\t00  Normal decode
            """;

    private static DeviceNames names(String text) {
        return DeviceNames.reading(
                () -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static PciIds ids(int vendor, int device) {
        return new PciIds(vendor, device, 0x1af4, 0x1100, 0x060400, 0);
    }

    @Test
    void namesVendorDeviceSubsystemAndClass() {
        var names = names(TEXT);
        assertThat(names.vendor(0x1b36)).isEqualTo("Red Hat, Inc.");
        assertThat(names.device(0x1b36, 0x000c)).isEqualTo("QEMU PCIe Root port");
        assertThat(names.subsystem(ids(0x1b36, 0x000d))).isEqualTo("QEMU Virtual Machine");
        assertThat(names.classOf(0x060400)).isEqualTo("PCI bridge");
        assertThat(names.programmingInterface(0x060400)).isEqualTo("Normal decode");
        assertThat(names.describe(ids(0x8086, 0x10fb)))
                .isEqualTo("Intel Corporation 82599ES [8086:10fb]");
    }

    @Test
    void anUnknownIdShowsAsItself() {
        var names = names(TEXT);
        assertThat(names.vendor(0xbeef)).isEqualTo("[beef]");
        assertThat(names.device(0x8086, 0x0b25)).isEqualTo("[8086:0b25]");
        assertThat(names.subsystem(ids(0x8086, 0x10fb))).isEqualTo("[1af4:1100]");
        assertThat(names.classOf(0x06ff00)).isEqualTo("Bridge [06ff]");
        assertThat(names.classOf(0x420000)).isEqualTo("[4200]");
        assertThat(names.describe(ids(0x8086, 0x0b25))).isEqualTo("Intel Corporation [8086:0b25]");
    }

    @Test
    void aDeviceIsNotLookedForUnderTheNextVendor() {
        assertThat(names(TEXT).device(0x1b36, 0x10fb)).isEqualTo("[1b36:10fb]");
    }

    @Test
    void readsACompressedFile() throws IOException {
        var zipped = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(zipped)) {
            out.write(TEXT.getBytes(StandardCharsets.UTF_8));
        }
        var names = DeviceNames.reading(() -> new ByteArrayInputStream(zipped.toByteArray()));
        assertThat(names.vendor(0x8086)).isEqualTo("Intel Corporation");
    }

    @Test
    void opensItsSourceOnceAndOnlyWhenAsked() {
        var opened = new AtomicInteger();
        var names =
                DeviceNames.reading(() -> {
                    opened.incrementAndGet();
                    return new ByteArrayInputStream(TEXT.getBytes(StandardCharsets.UTF_8));
                });
        assertThat(opened).hasValue(0);
        names.vendor(0x8086);
        names.classOf(0x060400);
        assertThat(opened).hasValue(1);
    }

    @Test
    void aSourceThatCannotBeReadLeavesTheNumbers() {
        var names =
                DeviceNames.reading(() -> {
                    throw new FileNotFoundException("names/pci.ids");
                });
        assertThat(names.device(0x8086, 0x10fb)).isEqualTo("[8086:10fb]");
        assertThat(names.problem()).isEqualTo("The names of devices cannot be read: names/pci.ids");
    }

    @Property(tries = 200)
    void anyTextIsReadWithoutError(@ForAll String text) {
        assertThat(names(text + "\n8086  Intel").vendor(0x8086)).isNotEmpty();
    }
}
