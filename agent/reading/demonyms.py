"""Adjectives, inhabitants, capitals and common short forms of countries: what territory names alone do not cover.

Each line is an ISO 3166-1 code and its words. A trailing ``*`` lets an ending follow (``französisch*``); a ``_`` is a
space. In English a word must be capitalised in the text; elsewhere case does not count, as adjectives are lower case.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

EXTRA_NAMES: Final = MappingProxyType(
    {
        "en": """
AE Emirati* UAE Dubai Abu_Dhabi
AF Afghan* Kabul
AL Albanian* Tirana
AM Armenian* Yerevan
AO Angolan* Luanda
AR Argentine* Argentinian* Buenos_Aires
AT Austrian* Vienna
AU Australian* Canberra Sydney Melbourne
AZ Azerbaijani* Azeri* Baku
BA Bosnia Bosnian* Sarajevo
BD Bangladeshi* Dhaka
BE Belgian* Brussels
BG Bulgarian* Sofia
BH Bahraini*
BO Bolivian*
BR Brazilian* Brasilia Sao_Paulo
BY Belarusian* Belorussian* Minsk
CA Canadian* Ottawa Toronto Ontario Quebec
CD Congolese Democratic_Republic_of_the_Congo Democratic_Republic_of_Congo DRC Kinshasa
CH Swiss Zurich Geneva
CI Ivorian* Ivory_Coast
CL Chilean*
CM Cameroonian*
CN Chinese Beijing Shanghai
CO Colombian* Bogota Bogotá
CR Costa_Rican*
CU Cuban* Havana
CY Cypriot* Nicosia
CZ Czech* Czech_Republic Prague
DE German* Berlin Frankfurt Munich
DK Danish Dane* Copenhagen
DO Dominican_Republic
DZ Algerian* Algiers
EC Ecuadorian* Ecuadorean* Quito
EE Estonian* Tallinn
EG Egyptian* Cairo
ER Eritrean*
ES Spanish Spaniard* Madrid Barcelona
ET Ethiopian* Addis_Ababa
FI Finnish Finn Finns Helsinki
FR French Frenchman Frenchwoman Paris
GB British Briton* U.K. UK Britain Great_Britain England English Scotland Scottish Wales Welsh Northern_Ireland London
GE Georgian* Tbilisi
GH Ghanaian* Accra
GR Greek* Athens
GT Guatemalan*
HK Hong_Kong Hongkong*
HN Honduran*
HR Croat Croats Croatian* Zagreb
HT Haitian*
HU Hungarian* Budapest
ID Indonesian* Jakarta
IE Irish Irishman Dublin
IL Israeli* Jerusalem Tel_Aviv
IN Indian Indians New_Delhi Delhi Mumbai
IQ Iraqi* Baghdad
IR Iranian* Tehran
IS Icelandic Icelander* Reykjavik
IT Italian* Rome Milan
JM Jamaican*
JO Jordanian* Amman
JP Japanese Tokyo
KE Kenyan* Nairobi
KG Kyrgyz* Bishkek
KH Cambodian* Phnom_Penh
KP North_Korean* Pyongyang
KR South_Korean* Seoul
KW Kuwaiti*
KZ Kazakh* Kazakhstani* Astana Nur-Sultan Almaty
LB Lebanese Beirut
LK Sri_Lankan* Colombo
LT Lithuanian* Vilnius
LU Luxembourgish
LV Latvian* Riga
LY Libyan* Tripoli
MA Moroccan* Rabat Casablanca
MC Monegasque*
MD Moldovan* Chisinau
ME Montenegrin*
MG Malagasy
MK Macedonian* Skopje
ML Malian*
MM Burmese Burma
MN Mongolian*
MT Maltese Valletta
MX Mexican* Mexico_City
MY Malaysian* Kuala_Lumpur
MZ Mozambican*
NG Nigerian* Abuja Lagos
NI Nicaraguan* Managua
NL Dutch Dutchman Holland The_Hague Amsterdam
NO Norwegian* Oslo
NP Nepalese Nepali* Kathmandu
NZ New_Zealander*
PA Panamanian*
PE Peruvian* Lima
PG Papua_New_Guinean*
PH Filipino* Philippine Manila
PK Pakistani* Islamabad Karachi Lahore
PL Polish Pole Poles Warsaw
PS Palestinian* Gaza West_Bank
PT Portuguese Lisbon
PY Paraguayan*
QA Qatari* Doha
RO Romanian* Bucharest
RS Serb Serbs Serbian* Belgrade
RU Russian* Russian_Federation Moscow Kremlin
RW Rwandan* Kigali
SA Saudi Saudis Riyadh
SD Sudanese Khartoum
SE Swedish Swede* Stockholm
SG Singaporean*
SI Slovene* Slovenian* Ljubljana
SK Slovak* Bratislava
SN Senegalese Dakar
SO Somali* Mogadishu
SV Salvadoran* San_Salvador
SY Syrian* Damascus
TH Thai Thais Bangkok
TJ Tajik* Dushanbe
TM Turkmen* Ashgabat
TN Tunisian*
TR Turkish Turk Turks Turkey Ankara Istanbul
TW Taiwanese Taipei
TZ Tanzanian*
UA Ukrainian* Kyiv Kiev
UG Ugandan* Kampala
US American* U.S. U.S.A. USA US Washington FBI New_York Manhattan Brooklyn New_Jersey California Texas Florida Illinois
US Massachusetts Virginia Maryland Pennsylvania Ohio Michigan Connecticut Delaware Nevada Arizona Colorado Louisiana
US Alabama Tennessee Kentucky Missouri Minnesota Wisconsin Oregon Oklahoma Utah Kansas Nebraska Iowa Indiana Hawaii
US Alaska Idaho Montana Wyoming Vermont Maine New_Hampshire Rhode_Island North_Carolina South_Carolina Mississippi
US Arkansas New_Mexico North_Dakota South_Dakota West_Virginia Los_Angeles Chicago Houston Boston Miami Philadelphia
UY Uruguayan* Montevideo
UZ Uzbek* Tashkent
VE Venezuelan* Caracas
VN Vietnamese Hanoi
XK Kosovar* Pristina
YE Yemeni* Sanaa
ZA South_African* Johannesburg Pretoria Cape_Town
ZM Zambian*
ZW Zimbabwean* Harare
""",
        "es": """
AE emiratí* Dubái
AR argentin*
AT austríac*
BE belga* Bruselas
BO bolivian*
BR brasileñ*
BY bielorrus* Minsk
CA canadiense*
CH suiz*
CL chilen*
CN chin[oa]* Pekín
CO colombian* Bogotá
CU cuban* La_Habana
CY chipriota*
CZ checo checa checos checas
DE alemán* alemana* Berlín
DO dominican* República_Dominicana
EC ecuatorian* Quito
ES español* española* Madrid
FR francés frances* París
GB británic* Gran_Bretaña Inglaterra inglés ingles* Londres
GR grieg*
GT guatemaltec*
HN hondureñ*
IL israelí*
IN indio india Nueva_Delhi
IR iraní* Teherán
IT italian* Roma
JP japonés japones* Tokio
KZ kazaj*
LV letón letona* Letonia
MX mexican* méxico
NI nicaragüense*
NL neerlandés neerlandes* holandés holandes* Holanda La_Haya
PA panameñ*
PE peruan* Lima
PL polac* Varsovia
PT portugués portugues* Lisboa
PY paraguay*
RU rus[oa]* Moscú
SV salvadoreñ*
TR turc* Ankara
UA ucranian* Kiev
US estadounidense* EE.UU EEUU EE.UU. norteamerican* Washington
UY uruguay*
VE venezolan* Caracas
""",
        "fr": """
AE émirat* Dubaï
AT autrichien*
BE belge* Bruxelles
BR brésilien*
BY biélorusse* Minsk
CA canadien*
CH suisse* Genève
CI ivoirien*
CM camerounais*
CN chinois* Pékin
CO colombien*
CY chypriote*
CZ tchèque*
DE allemand* Berlin
DZ algérien* Alger
ES espagnol* Madrid
FR français* Paris
GB britannique* anglais* Grande-Bretagne Angleterre Londres
GR grec* grecque*
IL israélien*
IR iranien* Téhéran
IT italien* Rome
JP japonais*
KZ kazakh*
LB libanais* Beyrouth
LU luxembourgeois*
LV letton*
MA marocain* Rabat
MC monégasque*
NL néerlandais* La_Haye
PL polonais* Varsovie
PT portugais* Lisbonne
RU russe* Moscou
SN sénégalais* Dakar
TN tunisien* Tunis
TR turc* turque* Ankara
UA ukrainien* Kiev
US américain* Washington USA
""",
        "de": """
AT österreichisch* Wien
BE belgisch* Brüssel
BR brasilianisch*
BY belarussisch* weißrussisch* Weißrussland Minsk
CA kanadisch*
CH schweizer schweizerisch* Zürich Genf
CN chinesisch* Peking
CY zyprisch* zypriotisch*
CZ tschechisch* Prag
DE deutsch deutsche* Berlin BaFin
DK dänisch*
ES spanisch* Madrid
FI finnisch*
FR französisch* Paris
GB britisch* englisch* Großbritannien England London
GR griechisch*
HU ungarisch*
IL israelisch*
IR iranisch* Teheran
IT italienisch* Rom
JP japanisch*
KZ kasachisch*
LI liechtensteinisch*
LU luxemburgisch*
LV lettisch*
NL niederländisch* holländisch* Holland Den_Haag
PL polnisch* Warschau
PT portugiesisch* Lissabon
RO rumänisch*
RS serbisch*
RU russisch* Moskau
SE schwedisch*
TR türkisch* Ankara
UA ukrainisch* Kiew
US amerikanisch* us-amerikanisch* USA US Washington
UZ usbekisch*
""",
        "pt": """
AO angolan* Luanda
AR argentin*
BR brasileir* Brasília
BY bielorruss* Minsk
CH suíç*
CL chilen*
CN chinês chines* Pequim
CO colombian*
CV cabo-verdian*
DE alemão alemã* alemães Berlim
ES espanhol* espanhóis Madrid
FR francês frances*
GB britânic* inglês ingles* Grã-Bretanha Inglaterra Londres
IT italian* Roma
JP japonês japones*
KZ cazaque*
MX mexican*
MZ moçambican* Maputo
NL holandês holandes* neerlandês neerlandes* Holanda Haia
PL polac* polonês polones* Varsóvia
PT português portugues* Lisboa
PY paraguai*
RU russ[oa]* Moscovo Moscou
UA ucranian* Kiev
US americano* americana* norte-american* estadunidense* EUA Washington
UY uruguai*
VE venezuelan* Caracas
""",
        "ru": """
AE эмиратск* дубай дубае
AM ереван*
AT австрийск* вена вене вены
AZ баку азербайджанск*
BG болгарск*
BY белорусск* беларус* минск*
CN китайск* пекин*
CU куба кубы кубе кубу кубинск*
CY кипрск* кипр*
CZ чешск* прага праге праги
DE немецк* германск* берлин*
ES испанск*
FR французск* париж*
GB британск* английск* англия англии лондон* великобритани* соединенное_королевство соединенного_королевства
GE грузинск* тбилиси
GR греческ*
HU венгерск*
IL израильск*
IN индийск*
IR иранск* тегеран*
IT итальянск* рим риме рима
JP японск*
KG киргизск* кыргызск* киргизи* бишкек*
KR южнокорейск*
KZ казахск* казахстанск* казахстан* астана астане астаны алма-ат* алмат*
LV латвийск* рига риге риги
MD молдавск* молдав* кишинев*
NL голландск* нидерландск* гаага гааге гааги
PL польск* варшав*
RO румынск*
RS сербск* белград*
RU российск* рф росси* москва москве москвы москву московск* кремл*
TJ таджикск* душанбе
TM туркменск* ашхабад*
TR турецк* анкара анкаре анкары стамбул*
UA украинск* украин* киев киеве киева киевск*
US американск* сша вашингтон* соединенных_штатов соединенные_штаты
UZ узбекск* ташкент*
""",
    }
)
"""Language → lines of code and words."""
