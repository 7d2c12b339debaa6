/* For tests only, never shipped: parts of Windows that wine 8 lacks, placed next to checkpost.exe.
 *
 * Rust programs import one function of bcryptprimitives.dll, a library that wine has from version 9 on. Two more
 * functions exist in wine, but with results that Windows never returns, so that sysinfo skips every volume and every
 * interface: the program's imports of these are redirected here. */
#include <winsock2.h>
#include <windows.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>

BOOLEAN NTAPI SystemFunction036(void *buffer, ULONG length); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length) {
    return SystemFunction036(buffer, (ULONG)length);
}

/* Wine knows the drive type of C:\ but not of \\?\Volume{...}\, which is the same volume. */
static UINT WINAPI drive_type(const WCHAR *root) {
    WCHAR mount_points[MAX_PATH + 1];
    DWORD length;
    UINT type = GetDriveTypeW(root);
    if (type == DRIVE_UNKNOWN && GetVolumePathNamesForVolumeNameW(root, mount_points, MAX_PATH, &length))
        type = GetDriveTypeW(mount_points);
    return type;
}

/* Wine reports no speed of an interface, and identifiers that differ only at their beginning. */
static DWORD WINAPI interfaces(MIB_IF_TABLE2 **table) {
    DWORD error = GetIfTable2(table);
    for (ULONG i = 0; error == NO_ERROR && i < (*table)->NumEntries; i++) {
        MIB_IF_ROW2 *row = &(*table)->Table[i];
        if (row->TransmitLinkSpeed == 0) row->TransmitLinkSpeed = 1000000000;
        row->InterfaceGuid.Data2 = (USHORT)row->InterfaceIndex;
    }
    return error;
}

static void *in_program(DWORD offset) {
    return (BYTE *)GetModuleHandleW(NULL) + offset;
}

/* Redirects an import of the program to another function. */
static void redirect(const char *name, void *function) {
    IMAGE_NT_HEADERS *headers = in_program(((IMAGE_DOS_HEADER *)in_program(0))->e_lfanew);
    IMAGE_DATA_DIRECTORY *imports = &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    for (IMAGE_IMPORT_DESCRIPTOR *library = in_program(imports->VirtualAddress); library->Name; library++) {
        IMAGE_THUNK_DATA *names = in_program(library->OriginalFirstThunk), *functions = in_program(library->FirstThunk);
        for (; names->u1.AddressOfData; names++, functions++) {
            DWORD protection;
            if (IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal)) continue;
            if (strcmp(((IMAGE_IMPORT_BY_NAME *)in_program((DWORD)names->u1.AddressOfData))->Name, name) != 0) continue;
            VirtualProtect(functions, sizeof(*functions), PAGE_READWRITE, &protection);
            functions->u1.Function = (ULONG_PTR)function;
            VirtualProtect(functions, sizeof(*functions), protection, &protection);
        }
    }
}

/* Runs before the program, when its imports are resolved. */
BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, void *reserved) {
    (void)library, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        redirect("GetDriveTypeW", drive_type);
        redirect("GetIfTable2", interfaces);
    }
    return TRUE;
}
