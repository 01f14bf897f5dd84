//! Templates for Azure, and what is wrong with them.

use crate::validate::cases::Case;

const ARM: &str = "{
  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\",
  \"contentVersion\": \"1.0.0.0\",
  \"parameters\": {
    \"location\": { \"type\": \"string\", \"defaultValue\": \"[resourceGroup().location]\" },
    \"sqlPassword\": { \"type\": \"securestring\" }
  },
  \"variables\": {
    \"name\": \"[concat('shop-', uniqueString(resourceGroup().id), 'it''s')]\"
  },
  \"resources\": [
    {
      \"type\": \"Microsoft.Sql/servers\",
      \"apiVersion\": \"2023-08-01\",
      \"name\": \"[variables('name')]\",
      \"location\": \"[parameters('location')]\",
      \"properties\": {
        \"administratorLoginPassword\": \"[parameters('sqlPassword')]\",
        \"minimalTlsVersion\": \"1.2\",
        \"publicNetworkAccess\": \"Disabled\"
      }
    },
    {
      \"type\": \"Microsoft.Web/sites\",
      \"apiVersion\": \"2024-04-01\",
      \"name\": \"web\",
      \"dependsOn\": [ \"[resourceId('Microsoft.Sql/servers', variables('name'))]\" ],
      \"properties\": { \"httpsOnly\": true }
    }
  ],
  \"outputs\": {
    \"host\": { \"type\": \"string\", \"value\": \"[reference(resourceId('Microsoft.Web/sites', 'web')).defaultHostName]\" }
  }
}
";

const VALUES: &str = "{
  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#\",
  \"contentVersion\": \"1.0.0.0\",
  \"parameters\": {
    \"location\": { \"value\": \"westeurope\" }
  }
}
";

const BICEP: &str = "targetScope = 'resourceGroup'

@description('Where')
param location string = resourceGroup().location
@secure()
param sqlPassword string
param offices array = []

var name = 'shop-${uniqueString(resourceGroup().id)}'
var rules = [for (office, i) in offices: {
  name: 'office-${i}'
  value: office
}]
var long = '''
  any { text
'''

resource plan 'Microsoft.Web/serverfarms@2024-04-01' existing = {
  name: 'plan'
}

resource web 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      minTlsVersion: '1.2'
    }
  }
}

resource sql 'Microsoft.Sql/servers@2023-08-01' = if (!empty(offices)) {
  name: '${name}-sql'
  properties: {
    administratorLoginPassword: sqlPassword
    publicNetworkAccess: 'Disabled'
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'vault'
  properties: {
    networkAcls: { defaultAction: 'Deny' }
  }
}

resource group 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'group'
  properties: {
    securityRules: [
      {
        name: 'https'
        properties: {
          direction: 'Inbound'
          access: 'Allow'
          sourceAddressPrefix: 'Internet'
          destinationPortRange: '443'
        }
      }
    ]
  }
}

module network './network.bicep' = {
  params: {
    names: map(rules, rule => rule.name)
    text: long
  }
}

output host string = web.properties.defaultHostName
output network string = network.outputs.id
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[("infra/arm/azuredeploy.json", ARM), ("infra/arm/azuredeploy.parameters.json", VALUES)],
        breaks: &[
            (
                "\"contentVersion\": \"1.0.0.0\",\n  \"parameters\": {\n    \"location\": { \"type\"",
                "\"contentVersion\": \"1.0.0.0\"\n  \"parameters\": {\n    \"location\": { \"type\"",
                "template-syntax",
                4,
            ),
            ("\"outputs\"", "\"output\"", "template-syntax", 31),
            ("      \"apiVersion\": \"2023-08-01\",\n", "", "template-syntax", 12),
            ("uniqueString(resourceGroup().id)", "uniqueString(resourceGroup().id", "template-syntax", 9),
            ("\"type\": \"securestring\"", "\"type\": \"secure\"", "template-syntax", 6),
            ("parameters('location')", "parameters('place')", "unknown-reference", 16),
            ("[variables('name')]", "[variables('nom')]", "unknown-reference", 15),
            ("[resourceId('Microsoft.Sql/servers'", "[resourceId('Microsoft.Sql/server'", "unknown-reference", 27),
            ("\"Disabled\"", "\"Enabled\"", "public-database", 20),
            ("\"minimalTlsVersion\": \"1.2\"", "\"minimalTlsVersion\": \"1.0\"", "plain-transport", 19),
            ("\"httpsOnly\": true", "\"httpsOnly\": false", "plain-transport", 28),
            ("{ \"type\": \"securestring\" }", "{ \"type\": \"string\" }", "secret-in-output", 6),
            (
                "{ \"type\": \"securestring\" }",
                "{ \"type\": \"securestring\", \"defaultValue\": \"x\" }",
                "secret-in-file",
                6,
            ),
            ("[parameters('sqlPassword')]", "hunter2hunter2", "secret-in-file", 18),
            ("\"location\": { \"value\"", "\"place\": { \"value\"", "unknown-reference", 5),
            (
                "{ \"value\": \"westeurope\" }",
                "{ \"value\": \"x\" }, \"sqlPassword\": { \"value\": \"x\" }",
                "secret-in-file",
                5,
            ),
        ],
    },
    Case {
        files: &[("infra/bicep/main.bicep", BICEP), ("infra/bicep/network.bicep", "output id string = 'x'\n")],
        breaks: &[
            ("param location string", "parm location string", "bicep-syntax", 4),
            ("  properties: {\n    serverFarmId", "  properties: \n    serverFarmId", "bicep-syntax", 32),
            ("var name = ", "var name ", "bicep-syntax", 9),
            ("'${name}-sql'", "'${name}-sql", "bicep-syntax", 35),
            ("var long = ", "var name = 'x'\nvar long = ", "bicep-syntax", 14),
            ("'Microsoft.Web/sites@2024-04-01'", "'Microsoft.Web/sites'", "bicep-syntax", 22),
            ("plan.id", "farm.id", "unknown-reference", 26),
            ("name: name\n", "name: nam\n", "unknown-reference", 23),
            ("'${name}-sql'", "'${nam}-sql'", "unknown-reference", 35),
            ("rule => rule.name", "rule => role.name", "unknown-reference", 68),
            ("web.properties.defaultHostName", "wep.properties.defaultHostName", "unknown-reference", 73),
            ("'./network.bicep'", "'./net.bicep'", "unknown-file", 66),
            ("    httpsOnly: true\n", "", "plain-transport", 22),
            ("httpsOnly: true", "httpsOnly: false", "plain-transport", 27),
            ("minTlsVersion: '1.2'", "minTlsVersion: '1.0'", "plain-transport", 29),
            ("'Disabled'", "'Enabled'", "public-database", 38),
            ("'Deny'", "'Allow'", "public-storage", 42),
            ("'443'", "'20-30'", "open-admin-port", 58),
            ("@secure()\n", "", "secret-in-output", 5),
            ("param sqlPassword string", "param sqlPassword string = 'abc'", "secret-in-file", 6),
            (
                "administratorLoginPassword: sqlPassword",
                "administratorLoginPassword: 'hunter2hunter2'",
                "secret-in-file",
                37,
            ),
        ],
    },
];
