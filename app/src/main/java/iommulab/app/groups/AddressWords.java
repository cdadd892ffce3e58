package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.pci.PciAddress;

import javafx.util.StringConverter;

import org.jspecify.annotations.Nullable;

/// Addresses in choosers, as short as the machine allows.
final class AddressWords extends StringConverter<PciAddress> {
    @Override
    public String toString(@Nullable PciAddress address) {
        return address == null ? "–" : FunctionNames.address(address);
    }

    @Override
    public @Nullable PciAddress fromString(String text) {
        try {
            return PciAddress.parse(text.strip());
        } catch (IllegalArgumentException _) {
            // Half an address is typed: nothing is chosen yet.
            return null;
        }
    }
}
