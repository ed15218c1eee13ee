/** Scripts, command lines and texts as tenants have them. They hold no secret, though some speak of them. */
export const ordinaryScripts: Readonly<Record<string, string>> = {
  "a detection of a remediation": `# Detects whether BitLocker's recovery key is in Entra ID
$volume = Get-BitLockerVolume -MountPoint $env:SystemDrive
$protector = $volume.KeyProtector | Where-Object { $_.KeyProtectorType -eq 'RecoveryPassword' }
if ($null -eq $protector) { Write-Output 'No recovery password'; exit 1 }
BackupToAAD-BitLockerKeyProtector -MountPoint $env:SystemDrive -KeyProtectorId $protector.KeyProtectorId
Write-Output "Key: escrowed"
exit 0`,
  "a local account with a password of chance": `$length = 24
$plain = -join ((33..126) | Get-Random -Count $length | ForEach-Object { [char]$_ })
$secure = ConvertTo-SecureString $plain -AsPlainText -Force
$again = ConvertTo-SecureString -String "$plain" -AsPlainText -Force
$third = $plain | ConvertTo-SecureString -AsPlainText -Force
New-LocalUser -Name 'laps-admin' -Password $secure -PasswordNeverExpires
net user laps-admin /active:yes
net user laps-admin $plain /add
net user "laps-admin" * /add
net localgroup Administrators laps-admin /add`,
  "a batch file": `@echo off
net user guest /active:no
net user %1 %2 /add
net user administrator
net use Z: \\\\server\\share /persistent:yes
net use * \\\\server\\software
net stop wuauserv
reg add "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows" /v NoAutoUpdate /t REG_DWORD /d 1 /f
schtasks /create /tn "Contoso Update" /tr update.cmd /sc daily /ru SYSTEM
msiexec /i agent.msi /qn REBOOT=ReallySuppress LOGLEVEL=verbose`,
  "a call of Graph": `$body = @{ grant_type = 'client_credentials'; client_id = $env:APP_ID; client_secret = $env:APP_SECRET }
$token = (Invoke-RestMethod -Method Post -Uri "https://login.microsoftonline.com/$tenant/oauth2/v2.0/token" -Body $body).access_token
$headers = @{ Authorization = "Bearer $token"; 'Content-Type' = 'application/json' }
$other = @{ Authorization = "Basic $([Convert]::ToBase64String($bytes))" }
Invoke-RestMethod -Uri 'https://graph.microsoft.com/v1.0/deviceManagement/managedDevices' -Headers $headers`,
  "a shell script of macOS": `#!/bin/zsh
# Installs the company portal. License: Apache-2.0
set -euo pipefail
token=$(security find-generic-password -s contoso -w)
curl -fsSL --retry 3 -o /tmp/portal.pkg "https://go.microsoft.com/fwlink/?linkid=853070"
curl -s -u "$USER_NAME:$USER_PASSWORD" https://example.com/api
curl --negotiate -u : https://example.com
curl -H "Authorization: Bearer $token" https://example.com
echo "$ADMIN_PASSWORD" | sudo -S installer -pkg /tmp/portal.pkg -target /
security import /tmp/root.cer -k /Library/Keychains/System.keychain
openssl pkcs12 -in x.p12 -passin env:P12 -out x.pem
echo "Done" | tee -a /var/log/portal.log`,
  Python: `from dataclasses import dataclass

@dataclass
class Login:
    user: str
    password: str
    token: Token

def sign_in(password: str, token: str) -> None:
    secret = secrets[1]
    password = password2
    token = response
    if not token:
        raise ValueError("Token: missing")`,
  "a script with help": `<#
.SYNOPSIS
  Sets the wallpaper.
.PARAMETER Password
  Password: mandatory
.NOTES
  License: MIT
  Version: 1.2.0
  Basic authentication is not supported; the bearer authentication of Office365 is.
#>
[CmdletBinding()]
param([Parameter(Mandatory)][securestring]$Password, [string]$Key = 'Wallpaper2')
Set-ItemProperty -Path 'HKCU:\\Control Panel\\Desktop' -Name Wallpaper -Value $Key
Get-Setting -Key DesktopWallpaper2
Write-Host "Password: $($Password.Length) characters"
Write-Host "Password: expired!"
Write-Host "The password is SHA256, which is no secret."`,
  "a here-string": `$xml = @'
<toast><visual><binding template="ToastGeneric"><text>Restart please</text></binding></visual></toast>
'@
$passwordHint = @"
At least 14 characters
"@`,
  "registry and identifiers": `$id = '11111111-2222-4333-8444-555555555555'
Remove-Item "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{$id}" -Recurse
# sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
$uri = 'https://x.blob.core.windows.net/public/a.ps1?sv=2026'
Get-FileHash -Algorithm SHA256 -Path C:\\Temp\\a.ps1
sk-SK, sk-learn, glossary-of-terms, basic-training-2026`,
  "a configuration": `[log]
level = info
path = /var/log/x.log
[auth]
token_lifetime = 3600
password_policy: strict
tokenType: Bearer
keyUsage: digitalSignature`,
  prose: `Devices must have a PIN. PIN: required
Password: at least 14 characters, 1 digit. The password is required. The secret is out!
To reset it, run net user in an elevated prompt, or use the net user command to see accounts.
The net use command maps drives: net use \\\\server\\share to map it.`
}
