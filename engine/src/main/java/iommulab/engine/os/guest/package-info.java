/// What happens inside virtual machines that own their page tables.
package iommulab.engine.os.guest;
